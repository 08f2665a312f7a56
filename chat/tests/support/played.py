"""What a relay stands on, played in memory: a channel layer and a log that fail when told to."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable

from django.utils import timezone

from chat.log import append, head, read
from chat.log.batch import Batch, Event
from chat.log.entries import Draft, Stored
from chat.log.head import Head
from chat.members import claims, generations
from chat.members.claims import Claimed
from chat.models import Ban, Room
from chat.protocol import outgoing

HANG = object()


async def meet(where: object, name: str) -> None:
    """Raise the trouble that is there, or, where it is HANG, wait until it is over."""
    await asyncio.sleep(0)
    while getattr(where, name) is HANG:  # noqa: ASYNC110 - a test sets it like any other trouble
        await asyncio.sleep(0.001)
    if trouble := getattr(where, name):
        raise trouble


class Layer:
    """A channel layer in memory, as Channels has them. `trouble` is what every call meets: an
    error, or HANG; whoever receives meets what is put into its channel."""

    def __init__(self):
        self.trouble: object = None
        self.loses = False
        self.channels: dict[str, asyncio.Queue] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        self.sent: list[dict] = []
        self.flushed = 0

    async def _call(self) -> None:
        await meet(self, "trouble")

    async def new_channel(self) -> str:
        await self._call()
        name = f"channel-{len(self.channels) + 1}"
        self.channels[name] = asyncio.Queue()
        return name

    async def group_add(self, name: str, channel: str) -> None:
        await self._call()
        self.members[name].add(channel)

    async def group_send(self, name: str, hint: dict) -> None:
        await self._call()
        self.sent.append(hint)
        for channel in self.members[name]:
            await self.send(channel, hint)

    async def send(self, channel: str, hint: dict) -> None:
        await self._call()
        if not self.loses:
            self.channels[channel].put_nowait(json.loads(json.dumps(hint)))

    async def receive(self, channel: str) -> dict:
        got = await self.channels[channel].get()
        if isinstance(got, Exception):
            raise got
        return got

    async def flush(self) -> None:
        self.flushed += 1
        await self._call()


class Log:
    """The database: messages, the room, its bans. `trouble` is what every question meets: an
    error, or HANG; whoever stores meets `no_writing`, whoever reads the rules `no_rules`, whoever
    asks for a name `no_names`."""

    def __init__(self):
        self.epoch, self.version = "e", 0
        self.events: list[Event] = []
        self.drafts: dict[tuple[str, str], int] = {}
        self.room, self.bans = Room(), list[Ban]()
        self.released: list[str] = []
        self.generations: dict[str, int] = {}
        self.trouble = self.no_writing = self.no_rules = self.no_names = None
        self._jobs: dict[Callable, Callable] = {
            head.read_head: lambda: Head(self.epoch, len(self.events), self.version),
            read.recent: lambda now, count: (self.events[-count:], max(0, now.seq - count)),
            read.latest: lambda count: self.events[-count:],
            read.after: lambda seq: [self._batch(seq + 1)],
            append.store: lambda drafts, known: self._store(drafts),
            append.find: lambda drafts: [
                Stored(self.drafts[draft.key]) if draft.key in self.drafts else None
                for draft in drafts
            ],
            claims.claim: lambda asked: [Claimed(claim.name) for claim in asked],
            claims.seen: lambda here: here,
            claims.spoke: lambda ids: None,
            claims.free: self.released.extend,
            generations.read: lambda since: self.generations,
        }

    def says(self, text: str) -> None:
        """Another process stores a message."""
        self.stores("eve", text)

    def stores(self, author: str, text: str) -> None:
        self._store([Draft(author, author.title(), f"nonce-{text}", text)])

    def bans_member(self, member_id: str) -> None:
        self.bans.append(Ban(member_id=member_id, reason="Spam"))
        self.version += 1

    def bans_address(self, network: str) -> None:
        self.bans.append(Ban(network=network))
        self.version += 1

    async def run(self, job: Callable, *args):
        """In place of a thread."""
        await meet(self, "trouble")
        if job is append.store:
            await meet(self, "no_writing")
        if job is claims.claim:
            await meet(self, "no_names")
        if job == Room.objects.get:
            await meet(self, "no_rules")
            return self.room
        if job is list:
            return list(self.bans)
        if job.__name__ == "turn":  # of the acts: none was begun
            return False
        return self._jobs[job](*args)

    def _store(self, drafts: list[Draft]) -> tuple[list[Stored], list[Batch]]:
        start = len(self.events) + 1
        for draft in drafts:
            if draft.key not in self.drafts:
                self._add(draft)
        seqs = [self.drafts[draft.key] for draft in drafts]
        return [Stored(seq, fresh=seq >= start) for seq in seqs], [self._batch(start)]

    def _add(self, draft: Draft) -> None:
        seq = self.drafts[draft.key] = len(self.events) + 1
        encoded = outgoing.message(
            seq=seq,
            rev=seq,
            by=draft.author,
            name=draft.name,
            text=draft.text,
            at=timezone.now(),
            nonce=draft.nonce,
        )
        self.events.append(Event(seq, seq, True, encoded))

    def _batch(self, start: int) -> Batch:
        return Batch(self.epoch, start, len(self.events), tuple(self.events[start - 1 :]))


class Threads:
    """In place of a relay's threads; `stopped` is set when they are."""

    def __init__(self, log: Log):
        self.run, self.stopped = log.run, False

    def stop(self) -> None:
        self.stopped = True
