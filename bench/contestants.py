"""Who is compared: ours on each of its stacks, and the peers, each as its project shows it."""

import itertools
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from bench.machine import LOADING, SERVING, family, pinned
from chat.tests.support.servers import ROOT, Daphne, Redis, Server, without_product_variables
from chat.tests.support.site import Embedded, Scaled, Stack, collect_static

PEERS = ROOT / "bench" / "peers"


class Ours(Daphne):
    """A process of its own, as a site has it: what is measured is that."""

    forks = False


class Peer(Server):
    """A server that is not ours: `command` gets the port after its last word."""

    cwd = PEERS

    def __init__(self, folder: Path, command: Sequence[str], env: dict[str, str]):
        super().__init__("peer", folder)
        self._command, self._env = command, env

    def command(self):
        return [*self._command[:-1], f"{self._command[-1]}{self.port}"]

    def environment(self):
        node = str(Path(sys.prefix) / "node_modules")
        return {**without_product_variables(), "NODE_PATH": node, **self._env}

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


@dataclass
class Running:
    """A contestant that runs. `helpers` are its databases; `sql` asks ours, where there is one."""

    servers: Sequence[Server]
    helpers: Sequence[Server] = ()
    sql: Callable[[str], list[dict]] | None = None
    env: dict[str, str] = field(default_factory=dict)

    @property
    def urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{server.port}" for server in self.servers]

    @property
    def pids(self) -> list[int]:
        return [pid for server in self.servers for pid in family(server.pid)]

    @property
    def helper_pids(self) -> list[int]:
        return [pid for server in self.helpers for pid in family(server.pid)]

    def stored(self) -> int:
        """How many messages its database has."""
        return self.sql("SELECT count(*) AS stored FROM chat_message")[0]["stored"]

    def stop(self) -> None:
        for server in self.servers:
            server.kill()
        for server in self.helpers:
            if isinstance(server, Redis):  # PostgreSQL is shared
                server.stop()


RATES = (  # of one address: all clients are there
    "CHAT_REQUEST_RATE",
    "CHAT_HANDSHAKE_RATE",
    "CHAT_JOIN_RATE",
    "CHAT_NAME_RATE",
    "CHAT_POSTS_PER_ADDRESS",
)
BUDGETS = ("CHAT_RESUME_BYTES_PER_ADDRESS", "CHAT_POST_BYTES_PER_ADDRESS", "CHAT_ROOM_PACE")


def limits(each: float) -> dict[str, str]:
    """Where one client says `each` messages a second: our limits as they are by default, where that
    does not reach them. The others are at work as well, and cost the same, but out of reach.
    """
    far = {name: "1000000/second" for name in RATES} | {name: "1000 MiB/second" for name in BUDGETS}
    far["CHAT_SOCKETS_PER_ADDRESS"] = "1000000"
    if each > 1:  # 2 by default, and turns are not quite even
        far["CHAT_POST_RATE"] = "1000000/10 seconds"
    return far


class Lab:
    """Where contestants run: servers on their cores, databases where the load is made."""

    def __init__(self, folder: Path):
        folder.chmod(0o711)  # PostgreSQL runs as another user
        self._folder, self._numbers = folder, itertools.count()

    @cached_property
    def embedded(self) -> Stack:
        return Embedded(self._folder / "embedded")

    @cached_property
    def scaled(self) -> Stack:
        stack = Scaled(self._folder / "scaled")
        with pinned(LOADING):
            stack.start()
        return stack

    def ours(
        self, stack: str, each: float, processes: int = 1, prepare: Sequence[str] = ()
    ) -> Running:
        """A new site on a stack, its processes spread over the servers' cores.

        A client will say `each` messages a second, at most.
        `prepare` are SQL statements that are run on its database before they start.
        """
        chosen: Stack = getattr(self, stack)
        with pinned(LOADING):
            database, redis = chosen.new_site()
        env = {"SECRET_KEY": secrets.token_urlsafe(48), **limits(each), **database}
        chosen.transaction(env, prepare)
        collect_static(env)
        folder, servers = Path(env["CHAT_DATA"]), []
        for number in range(processes):
            with pinned([SERVING[number % len(SERVING)]]):
                servers.append(Ours(folder, env, name=f"daphne-{number}"))
                servers[-1].start()
        helpers = [*redis, chosen.postgres] if redis else []
        return Running(servers, helpers, partial(chosen.sql, env), env)

    def peer(self, *command: str, redis: bool = False) -> Running:
        folder = self._folder / f"peer-{next(self._numbers)}"
        helpers = [Redis(folder)] if redis else []
        with pinned(LOADING):
            for helper in helpers:
                helper.start()
        server = Peer(folder, command, {"REDIS_URL": helpers[0].url} if redis else {})
        with pinned(SERVING[:1]):
            server.start()
        return Running([server], helpers)


@dataclass(frozen=True)
class Contestant:
    """`protocol` is a module of bench/protocols; `most` clients are what it takes by default."""

    name: str
    protocol: str
    start: Callable[[Lab, float], Running]  # it is told how much each client will say a second
    most: int = 10**6


def _python(*command: str) -> Callable[[Lab, float], Running]:
    return lambda lab, each: lab.peer(sys.executable, *command, "")


# The faster of the two ways that Flask-SocketIO's documentation has for gevent.
_GEVENT = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
_FLASK = ("-m", "gunicorn", "-k", _GEVENT, "-w", "1", "flask_socketio_chat:app")
_TUTORIAL = (sys.executable, "-m", "daphne", "-v", "0", "channels_tutorial:application", "-p")
_CONTESTANTS = [
    Contestant("Simple chat, SQLite", "ours", lambda lab, each: lab.ours("embedded", each)),
    Contestant(
        "Simple chat, PostgreSQL + Redis", "ours", lambda lab, each: lab.ours("scaled", each)
    ),
    Contestant("the same, two processes", "ours", lambda lab, each: lab.ours("scaled", each, 2)),
    Contestant("floor: socket.send", "raw", _python("floor.py")),
    Contestant("picows on uvloop", "raw", _python("picows_uvloop.py")),
    Contestant("websockets.broadcast", "raw", _python("websockets_broadcast.py")),
    Contestant(
        "Flask-SocketIO, gevent",
        "socketio",
        lambda lab, each: lab.peer(sys.executable, *_FLASK, "-b", "127.0.0.1:"),
        most=1000,  # gunicorn's worker_connections
    ),
    Contestant("Channels tutorial, memory", "tutorial", lambda lab, each: lab.peer(*_TUTORIAL, "")),
    Contestant(
        "Channels tutorial, Redis",
        "tutorial",
        lambda lab, each: lab.peer(*_TUTORIAL, "", redis=True),
    ),
]
_NODE = [
    Contestant("Node ws", "raw", lambda lab, each: lab.peer("node", "ws.cjs", "")),
    Contestant(
        "Socket.IO, Node", "socketio", lambda lab, each: lab.peer("node", "socketio.cjs", "")
    ),
]


def contestants() -> list[Contestant]:
    """Everyone whom this machine can run."""
    node = shutil.which("node") and os.path.isdir(Path(sys.prefix) / "node_modules")
    return _CONTESTANTS + (_NODE if node else [])
