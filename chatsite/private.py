"""What is kept on the disk is for the site's user alone: password hashes, sessions, addresses."""

import contextlib
import os
import pwd
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_to_ourselves() -> None:
    """Whatever this process makes from here on, nobody else on the machine can read."""
    os.umask(OTHERS)


def folder(path: Path) -> Path:
    """Make the folder where it is not there; nobody else may look into it and its files.

    Root makes nothing in another user's: they couldn't read it.
    """
    us = os.geteuid()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
        if us == 0 != found.st_uid or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise ImproperlyConfigured(_belongs_to_another(path, found.st_uid, path))
        # /tmp and its like are for all; and where a folder is lent to us (a container's volume),
        # its owner says who may look. What we put there is ours in any case.
        if us == found.st_uid and not found.st_mode & stat.S_ISVTX:
            _close(path, found)
        files(path / "secret", *path.glob("chat.sqlite3*"))
    except OSError as error:
        raise ImproperlyConfigured(
            f"CHAT_DATA={path} can't be made a folder of {_name(us)}'s own: {error}"
        ) from error
    return path


def files(*paths: Path) -> None:
    """Let nobody else read these; those that are not there are passed over.

    One that is another user's stops the start: what we add beside it, they couldn't read.
    """
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # SQLite takes its -wal away when it closes
            found = _look_at(path)
            if found.st_uid != os.geteuid():
                raise ImproperlyConfigured(_belongs_to_another(path, found.st_uid, path.parent))
            _close(path, found)


def _look_at(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except PermissionError as error:
        uid = path.parent.stat().st_uid
        raise ImproperlyConfigured(_belongs_to_another(path, uid, path.parent)) from error


def _belongs_to_another(path: Path, uid: int, folder: Path) -> str:
    us, owner = _name(os.geteuid()), _name(uid)
    return (
        f"{path} belongs to {owner}, and this is {us}: run it as {owner} (on a server: "
        f"sudo bin/manage …), or give it to {us}: sudo chown -R {us} {folder}"
    )


def _close(path: Path, found: os.stat_result) -> None:
    if found.st_mode & OTHERS:
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
