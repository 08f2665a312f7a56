"""python -m chat.tests.abuse.attacker PLAN: a process that attacks, and prints what it got.

PLAN is JSON: `where` (host and port), `redis`, `seconds`, and `attacks`: names, each with the
addresses that it comes from. By attack it prints its loot, and how many seconds passed until it
was first refused something or closed (null: never).
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter

from chat.tests.abuse.attack import Attack
from chat.tests.abuse.attacks import ATTACKS
from chat.tests.abuse.visitor import Refused, Visitor

CROWDED = 10  # connections an address, where there are many addresses
AGAIN = 0.5  # seconds until who was refused comes back; nobody tires of it


class Loot(Counter):
    """What one attack got."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = time.monotonic()
        self.stopped: float | None = None

    def __setitem__(self, key: str, value: int) -> None:
        if key in ("refused", "closed", "byes") and self.stopped is None:
            self.stopped = time.monotonic() - self.begun
        super().__setitem__(key, value)


async def repeat(attack: Attack, visitor: Visitor) -> None:
    """Attack, and again whenever that has come to an end."""
    while True:
        try:
            await attack.work(visitor)
        except Refused:
            await asyncio.sleep(AGAIN)
        except (OSError, EOFError):
            visitor.loot["closed"] += 1
            await asyncio.sleep(AGAIN)
        finally:
            visitor.hang_up()
        await asyncio.sleep(0)


async def attack_all(plan: dict) -> dict[str, dict]:
    loots: dict[str, Loot] = {}
    works = []
    alone = sum(map(len, plan["attacks"].values())) == 1
    for name, addresses in plan["attacks"].items():
        attack, loot = ATTACKS[name], loots.setdefault(name, Loot())
        sockets = attack.sockets if alone else min(attack.sockets, CROWDED)
        for address in addresses * sockets:
            visitor = Visitor(tuple(plan["where"]), address, loot, plan["redis"])
            works.append(asyncio.create_task(repeat(attack, visitor)))
    broken, _ = await asyncio.wait(
        works, timeout=plan["seconds"], return_when=asyncio.FIRST_EXCEPTION
    )
    for work in broken:
        work.result()  # raises what is wrong with the attack itself
    return {name: dict(loot, stopped=loot.stopped) for name, loot in loots.items()}


def main(plan: dict) -> None:
    os.nice(19)  # the people elsewhere have processors of their own, as far as that goes here
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(json.dumps(asyncio.run(attack_all(plan))), flush=True)
    os._exit(0)  # whatever is still on its way


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
