"""Static files, hashed and compressed once, when they are collected; the page's modules as one."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage
from servestatic.storage import CompressedManifestStaticFilesStorage

from chatsite import bundle

PAGE = "chat/"
Paths = dict[str, tuple[Storage, str]]


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """`chat/main.js` is hashed to the bundle of all that it imports.

    The modules themselves are collected as they are: with DEBUG=1 the page imports them one by one.
    """

    _bundled: dict[str, str] = {}  # how the bundle's files are called when they are hashed

    def post_process(self, paths: Paths, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if dry_run or PAGE + bundle.ENTRY not in paths:
            yield from super().post_process(paths, dry_run=dry_run, **options)
            return
        with TemporaryDirectory() as folder:
            paths = self._with_bundle(paths, Path(folder))
            yield from super().post_process(paths, dry_run=dry_run, **options)

    def _with_bundle(self, paths: Paths, folder: Path) -> Paths:
        """The files to hash: the modules are replaced by what is made of them in `folder`."""
        source, name = paths[PAGE + bundle.ENTRY]
        page = Path(source.path(name)).parent
        (folder / PAGE).mkdir()
        script, names = bundle.bundle(page, folder / PAGE)
        made = {PAGE + name: PAGE + name for name in names}
        # What a browser asks for as main.js is the script; the others are only named in it.
        made[PAGE + bundle.ENTRY] = made.pop(PAGE + script)
        self._bundled = made
        modules = {PAGE + file.relative_to(page).as_posix() for file in bundle.modules(page)}
        here = FileSystemStorage(folder)
        others = {name: found for name, found in paths.items() if name not in modules}
        return others | {name: (here, hashed) for name, hashed in made.items()}

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        hashed: str = self._bundled.get(name) or super().hashed_name(name, content, filename)
        return hashed
