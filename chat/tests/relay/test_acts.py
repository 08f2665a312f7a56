"""What finishes acts, before a database that fails. What it does: chat/tests/admin/test_acts.py."""

import asyncio

import pytest
from django.db import OperationalError

from chat.relay import acts
from chat.relay.acts import Acts
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Threads:
    """In place of the threads: each turn meets `error`, or has nothing to do."""

    def __init__(self):
        self.error: Exception | None = OperationalError("gone")
        self.asked = 0

    async def run(self, turn):
        self.asked += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return False


@pytest.mark.parametrize("waits", [True, False])
async def test_an_outage_is_a_line_where_an_act_waits_and_its_end_another(
    waits, caplog, monkeypatch
):
    monkeypatch.setattr(acts, "LOOK", 0.001)
    caplog.set_level("INFO")
    threads = Threads()
    finisher = Acts(threads, lambda: None)
    finisher._seen = (1, "") if waits else None
    (task,) = [asyncio.create_task(work()) for work in finisher.tasks]
    await until(lambda: threads.asked > 3)
    threads.error = None
    asked = threads.asked
    await until(lambda: threads.asked > asked + 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (
        caplog.messages
        == [
            "acts of moderators have to wait: OperationalError: gone",
            "acts of moderators go on",
        ]
        * waits
    )
