"""A service's variables, read as systemd reads them; and a command, run with them as its user.

`envfile.py FILE USER COMMAND…`: what bin/manage becomes. It runs as root: nothing but Python's own
is imported.
"""

import os
import pwd
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

# What may come from whoever calls. All else is the service's: a DATABASE_URL that is left over in
# a shell would be another database.
THE_CALLERS = re.compile(r"PATH|TERM|LANG|LC_\w+|TZ|DJANGO_SUPERUSER_\w+")
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
WHITE, NEWLINE = " \t\r\n", "\r\n"


State = Callable[[str], Any]  # the next state: a type can't name itself


class Reader:
    """systemd.exec(5), EnvironmentFile=: a state is a method that takes the next character.

    No variable is expanded. Quotes count before the first character that is outside of them; a
    backslash keeps the next one, except in single quotes, and in double quotes before most.
    """

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._read: State = self._before_name
        self._name = self._value = ""
        self._kept = 0  # so much of the value is not white space at its end

    def feed(self, text: str) -> dict[str, str]:
        for character in text:
            self._read = self._read(character)
        if self._read not in (self._before_name, self._in_name, self._comment, self._comment_kept):
            self._end(len(self._value) if self._read != self._bare else self._kept)
        return self.found

    def _end(self, length: int) -> State:
        name = self._name.rstrip(WHITE)
        if NAME.fullmatch(name):
            self.found[name] = self._value[:length]
        return self._before_name

    def _before_name(self, character: str) -> State:
        if character in "#;":
            return self._comment
        self._name = character
        return self._before_name if character in WHITE else self._in_name

    def _comment(self, character: str) -> State:
        if character == "\\":
            return self._comment_kept
        return self._before_name if character in NEWLINE else self._comment

    def _comment_kept(self, character: str) -> State:
        return self._comment

    def _in_name(self, character: str) -> State:
        if character in NEWLINE:
            return self._before_name  # no assignment
        if character == "=":
            self._value, self._kept = "", 0
            return self._before_value
        self._name += character
        return self._in_name

    def _before_value(self, character: str) -> State:
        states = {"'": self._single, '"': self._double, "\\": self._escaped}
        if character in NEWLINE:
            return self._end(len(self._value))
        if character in WHITE:
            return self._before_value
        return states[character] if character in states else self._bare(character)

    def _bare(self, character: str) -> State:
        if character in NEWLINE:
            return self._end(self._kept)
        if character != "\\":
            self._value += character
        if character not in WHITE:
            self._kept = len(self._value)
        return self._escaped if character == "\\" else self._bare

    def _escaped(self, character: str) -> State:
        if character not in NEWLINE:
            self._value += character
            self._kept = len(self._value)
        return self._bare

    def _single(self, character: str) -> State:
        if character == "'":
            return self._before_value
        self._value += character
        return self._single

    def _double(self, character: str) -> State:
        if character == '"':
            return self._before_value
        if character == "\\":
            return self._double_escaped
        self._value += character
        return self._double

    def _double_escaped(self, character: str) -> State:
        if character != "\n":
            self._value += character if character in '"\\`$' else "\\" + character
        return self._double


def refuse(why: str) -> NoReturn:
    sys.exit(f"bin/manage: {why}")


def variables(file: str) -> dict[str, str]:
    """Those of `file`, and the few of the caller's that do no harm."""
    try:
        with open(file, encoding="utf-8", newline="") as opened:
            found = Reader().feed(opened.read())
    except PermissionError:
        refuse(f"{file} is not for {_me()} to read. With sudo: sudo bin/manage …")
    except FileNotFoundError:
        refuse(f"there is no {file}. The service's variables are in another file? CHAT_ENV=FILE")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file} can't be read: {error}")
    callers = {name: value for name, value in os.environ.items() if THE_CALLERS.fullmatch(name)}
    return callers | found


def become(user: str) -> None:
    """Be `user` from here on, where this is root; nobody else can be somebody else."""
    if os.geteuid() != 0:
        return
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        refuse(f"there is no user {user}. The service runs as another one? CHAT_USER=NAME")
    os.initgroups(user, found.pw_gid)
    os.setgid(found.pw_gid)
    os.setuid(found.pw_uid)


def _me() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def main() -> NoReturn:
    file, user, *command = sys.argv[1:]
    environment = variables(file)
    become(user)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main()
