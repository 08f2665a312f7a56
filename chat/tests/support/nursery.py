"""Where the tests' Daphnes and commands come from: a process that has imported what each of them
needs, and forks. To start Python afresh for each of some 400 costs 0.8 s of processor time. What is
imported before is others' code alone; the site's, its settings included, each imports by itself.

Reads orders, a JSON object a line, and answers each with a line:
{"argv": ["-m", "daphne", …], "cwd": …, "env": {…}, "files": the three standard ones}: the number of
the new process
{"poll": NUMBER}: how that one ended, as in `Popen.returncode`; null, if it has not
"""

import importlib
import json
import os
import runpy
import sys

# What none of them can be without, and what needs neither settings nor an event loop to import.
NEEDED = """
    asyncio autobahn.twisted.websocket channels.db channels.layers channels.routing
    channels.security.websocket channels_redis.core csp.middleware
    cryptography.x509 django.contrib.admin.apps django.contrib.admin.utils
    django.contrib.sessions.middleware django.core.cache.backends.locmem django.core.handlers.asgi
    django.core.management django.core.serializers.json django.db.backends.postgresql.base
    django.db.backends.sqlite3.base django.db.models django.forms django.middleware.csrf
    django.middleware.locale django.template.backends.django django.template.loader_tags
    django.template.defaulttags django.urls django.views.debug django.views.generic emoji environ
    idna
    limits.aio.storage limits.aio.strategies precis_i18n psycopg_pool
    redis.asyncio regex servestatic twisted.internet.ssl twisted.web.http websockets.server
""".split()


def main() -> None:
    for name in NEEDED:
        importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules, "it is made by who runs it"
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            print(json.dumps(poll(order["poll"])), flush=True)
        elif not os.fork():
            return become(**order)
    return None


def poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(argv: list[str], cwd: str, env: dict[str, str], files: list[str]) -> None:
    """Be what `python *argv` would be."""
    os.setsid()
    print(os.getpid(), flush=True)  # from now on it can be ended by its group
    for number, file in enumerate(files):
        opened = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = cwd
    kind, *arguments = argv
    if kind == "-m":
        sys.argv = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = [kind, *arguments[1:]]
        exec(compile(arguments[0], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.argv = argv
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    main()
