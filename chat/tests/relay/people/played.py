"""What people stand on, played, so that it does as a test says: names in a database, tabs."""

import asyncio

from chat.members import claims
from chat.members.claims import Claimed


class Database:
    """Grants every name, once `answers` is set, in place of the threads.

    Who asks for none is called what `holds` says. What is written down besides is `noted`.
    """

    def __init__(self):
        self.answers, self.asked, self.error = asyncio.Event(), [], None
        self.holds: dict[str, str] = {}
        self.noted: list[tuple[str, list[str]]] = []
        self._jobs = {
            claims.claim: lambda asked: [
                Claimed(claim.name or self.holds.get(claim.member_id), renamed=True)
                for claim in asked
            ],
            claims.seen: lambda here: dict(self.holds),
            claims.spoke: lambda ids: self.noted.append(("spoke", ids)),
            claims.free: lambda ids: self.noted.append(("free", ids)),
        }

    async def run(self, job, given):
        if job is claims.claim:
            self.asked += [claim.name for claim in given]
        if self.error:
            raise self.error
        await self.answers.wait()
        return self._jobs[job](given)


class Group:
    def __init__(self):
        self.hints, self.handlers = [], {}
        self.publish = self.hints.append

    def on(self, kind, handler):
        self.handlers[kind] = handler


class Tab:
    address, guest = None, False

    def __init__(self, name: str | None = None, member_id: str = "ada"):
        self.name, self.member_id, self.told = name, member_id, []

    def renamed(self, name: str) -> None:
        self.told.append(name)

    def dismiss(self, code, message, retry_after=None) -> None:
        self.told.append(code)
