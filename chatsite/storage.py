"""Static files, hashed and compressed once, when they are collected."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the `import`s of ES modules too, so that each is cached for good by its hash."""

    support_js_module_import_aggregation = True
