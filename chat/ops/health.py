"""Whether this process is alive (`/healthz`), and whether it can do its work (`/readyz`)."""

import asyncio
import logging
from collections.abc import Callable
from functools import cache

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from chat.log import upkeep
from chat.relay.process import get_relay
from chat.relay.work.threads import Threads

PATIENCE = 3.0  # seconds; a server that is frozen takes connections, and never answers
FRESH = 1.0  # seconds that an answer is good for, however many ask
HEADERS = {"Cache-Control": "no-store"}
# More that must be so, by its name: what the site around the chat knows of the process.
more: dict[str, Callable[[], bool]] = {}
logger = logging.getLogger(__name__)


@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """It answers, so it lives: who restarts processes asks here."""
    return HttpResponse("ok\n", content_type="text/plain", headers=HEADERS)


@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    """Each part's state, in one word and no more; 503 if one of them fails."""
    parts = dict(await get_probe().look())
    parts |= {name: "ok" if is_well() else "failing" for name, is_well in more.items()}
    status = 200 if set(parts.values()) == {"ok"} else 503
    return JsonResponse(parts, status=status, headers=HEADERS)


class Probe:
    """Looks at what a process needs. However many ask, there is one look at a time, and one query:
    a frozen database holds one thread, and no other look waits for it longer than `PATIENCE`."""

    def __init__(self) -> None:
        self._threads = Threads("chat-ready", 1, keep=True)
        self._query: asyncio.Task[None] | None = None
        self._found: dict[str, str] = {}  # by the query, so far
        self._looking: asyncio.Task[dict[str, str]] | None = None
        self._looked_at = 0.0

    async def look(self) -> dict[str, str]:
        """The state of each part: ok, failing or unknown."""
        loop = asyncio.get_running_loop()
        if self._looking is None or (
            self._looking.done() and loop.time() - self._looked_at > FRESH
        ):
            self._looking = loop.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> dict[str, str]:
        relay = get_relay()
        found, layer = await asyncio.gather(self._database(), relay.group.answers())
        self._looked_at = asyncio.get_running_loop().time()
        if not relay.takes_posts:
            found["posts"] = "failing"
        return found | {"channel_layer": "ok" if layer else "failing"}

    async def _database(self) -> dict[str, str]:
        """The states of the database, its migrations and posts, as far as known in time."""
        if self._query is None or self._query.done():
            self._found = {"database": "failing", "migrations": "unknown", "posts": "unknown"}
            self._query = asyncio.create_task(self._ask(self._found))
        await asyncio.wait([self._query], timeout=PATIENCE)
        return dict(self._found)

    async def _ask(self, found: dict[str, str]) -> None:
        try:
            migrated = await self._threads.run(is_migrated)
            found |= {"database": "ok", "migrations": "ok" if migrated else "failing"}
            found["posts"] = "failing"
            await self._threads.run(upkeep.try_out)
            found["posts"] = "ok"
        except DatabaseError:
            pass  # it is as it was found so far
        except Exception:
            logger.exception("the database could not be asked")


def is_migrated() -> bool:
    """Whether the database has had every migration that this code knows."""
    return _migrations() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


_probes: dict[asyncio.AbstractEventLoop, Probe] = {}


def get_probe() -> Probe:
    """The probe of this process; as the relay, it belongs to one event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _probes:
        _probes[loop] = Probe()
    return _probes[loop]
