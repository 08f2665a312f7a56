"""Typed values from the environment; a wrong one stops the start with its name and a hint.

Every reader takes the variable's name and returns a value of one type; it raises
`ImproperlyConfigured` with that name, what is wrong, and an example of what would be right.
"""

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import environ
import limits
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

env = environ.Env()


def _wrong(name: str, hint: str) -> ImproperlyConfigured:
    shown = re.sub(r"(://[^/@]*?:)[^/]*@", r"\1…@", os.environ.get(name, ""))  # no password
    return ImproperlyConfigured(f"{name}={shown!r} can't be used: {hint}")


def flag(name: str, default: bool = False) -> bool:
    """On or off."""
    value = env.str(name, "").strip().lower()
    if value not in {"", *env.BOOLEAN_TRUE_STRINGS, "0", "false", "no", "n", "off"}:
        raise _wrong(name, "say 1 or 0")
    return value in env.BOOLEAN_TRUE_STRINGS if value else default


def whole(name: str, default: int, most: int = 1_000_000) -> int:
    """A whole number from 0 to `most`."""
    value = env.str(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) <= most):
        raise _wrong(name, f"say a whole number up to {most}, for example {default}")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """A list, separated by commas."""
    return [word.strip() for word in env.list(name, default=default) if word.strip()]


def rate(name: str, default: str) -> limits.RateLimitItem | None:
    """So many in such a time, in the notation of the `limits` library; empty: no limit."""
    value = env.str(name, default).strip()
    if not value:
        return None
    hint = "say for example '10/10 seconds', or nothing for no limit"
    try:
        found = limits.parse(value)
    except ValueError as error:
        raise _wrong(name, hint) from error
    if not found.amount:
        raise _wrong(name, hint)
    return found


UNITS = {"": 1, "KiB": 1024, "MiB": 1024 * 1024}
BUDGET = re.compile(r"([0-9]{1,9}) ?(KiB|MiB|) ?(/.+)")


def budget(name: str, default: str) -> limits.RateLimitItem | None:
    """So many bytes in such a time: `16 MiB/minute`; empty: no limit."""
    value = env.str(name, default).strip()
    if not value:
        return None
    hint = f"say for example '{default}', or nothing for no limit"
    found = BUDGET.fullmatch(value)
    if not found or not int(found[1]):
        raise _wrong(name, hint)
    try:
        return limits.parse(f"{int(found[1]) * UNITS[found[2]]}{found[3]}")
    except ValueError as error:
        raise _wrong(name, hint) from error


def origins(name: str) -> frozenset[str]:
    """Origins (scheme://host[:port]) as browsers send them, lower case."""
    found = frozenset(word.lower().rstrip("/") for word in words(name, []))
    for origin in found:
        scheme, separator, host = origin.partition("://")
        if scheme not in {"http", "https"} or not separator or not host or "/" in host:
            raise _wrong(name, "say origins, for example https://www.example.org")
    return found


def database(name: str, default: str) -> dict[str, Any]:
    """A Django database configuration from a URL (SQLite or PostgreSQL)."""
    try:
        found: dict[str, Any] = env.db_url(name, default)
    except (ValueError, ImproperlyConfigured) as error:
        raise _wrong(name, "say for example postgres://user:password@host:5432/chat") from error
    if found.get("ENGINE") not in {
        "django.db.backends.sqlite3",
        "django.db.backends.postgresql",
    } or not found.get("NAME"):
        raise _wrong(name, "say postgres://user:password@host:5432/chat or sqlite:////a/file")
    return found


def check_writable(file: Path) -> None:
    """SQLite makes more files beside its own."""
    for path in (file.parent, file):
        if not os.access(path, os.W_OK) and (path.exists() or path == file.parent):
            raise ImproperlyConfigured(
                f"{path} can't be written to: another user's, or on a disk that is read-only? "
                "Set CHAT_DATA to a folder of this user's own"
            )


def redis_url(name: str) -> str | None:
    """The address of a Redis server; None where there is none."""
    url = env.str(name, "").strip()
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise _wrong(name, "say for example redis://localhost:6379/0")
    return url or None


def secret(name: str, file: Path, *, required: bool) -> str:
    """The secret from the environment, else from `file`, which is made once with mode 0600."""
    value: str = env.str(name, "")
    if value:
        return value
    if required:
        raise ImproperlyConfigured(f"{name} is not set: `heroku config:set {name}=…`, 50 or more")
    try:
        if not file.exists():
            _make_secret(file)
        value = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"the secret in {file} can't be used: {error}") from error
    if not value:
        raise ImproperlyConfigured(
            f"{file} is empty: put back what was in it; or delete it, then a new secret is made, "
            "and everybody has to take another name"
        )
    return value


def _make_secret(file: Path) -> None:
    """Made elsewhere and linked into place: of two processes that start at once, one makes the
    file and the other reads it, never half written."""
    handle, made = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "w") as opened:
            opened.write(get_random_secret_key())
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
    finally:
        os.unlink(made)
