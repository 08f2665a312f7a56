"""Group commit by itself: what waits, what is dropped, and what survives."""

import asyncio

import pytest

from chat.relay.work.batcher import Batcher, Full

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


class Bench:
    """A batcher whose work is done when `done` is set, and what it was given."""

    def __init__(self, **bounds):
        self.batches: list[list[int]] = []
        self.failed: list[int] = []
        self.done = asyncio.Event()
        bounds = {"capacity": 10, "most": 3} | bounds
        self.batcher = Batcher(self._work, self.failed.extend, **bounds)
        self.task = asyncio.create_task(self.batcher.run())

    async def _work(self, batch: list[int]) -> None:
        self.batches.append(batch)
        await self.done.wait()
        if 13 in batch:
            raise ValueError("thirteen")

    async def turns(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def bench():
    made = []

    def make(**bounds) -> Bench:
        made.append(Bench(**bounds))
        return made[-1]

    yield make
    for one in made:
        one.task.cancel()


async def test_what_comes_while_one_batch_is_at_work_makes_up_the_next(bench):
    one = bench()
    one.batcher.put(1)
    await one.turns()
    for number in (2, 3, 4, 5):
        one.batcher.put(number)
    one.done.set()
    await one.batcher.drained()
    assert one.batches == [[1], [2, 3, 4], [5]]


async def test_a_batch_is_bounded_by_weight_and_one_that_is_too_heavy_goes_alone(bench):
    one = bench(weigh=lambda number: number, heaviest=5)
    one.done.set()
    for number in (2, 3, 9, 1):
        one.batcher.put(number)
    await one.batcher.drained()
    assert one.batches == [[2, 3], [9], [1]]


async def test_a_full_queue_takes_no_more(bench):
    one = bench(capacity=2)
    one.batcher.put(1)
    one.batcher.put(2)
    with pytest.raises(Full):
        one.batcher.put(3)
    one.done.set()
    await one.batcher.drained()
    one.batcher.put(3)
    await one.batcher.drained()
    assert one.batches == [[1, 2], [3]]


async def test_after_all_was_dropped_nothing_is_at_work_and_the_next_is_no_empty_batch(bench):
    one = bench()
    one.done.set()
    one.batcher.put(1)
    assert one.batcher.drop(lambda number: True) == [1]
    await asyncio.wait_for(one.batcher.drained(), 5)
    one.batcher.put(2)
    await one.batcher.drained()
    assert one.batches == [[2]]


async def test_what_is_dropped_while_a_batch_is_at_work_is_not_tried(bench):
    one = bench()
    one.batcher.put(1)
    await one.turns()
    for number in (2, 3, 4):
        one.batcher.put(number)
    assert one.batcher.drop(lambda number: number != 3) == [2, 4]
    one.done.set()
    await one.batcher.drained()
    assert one.batches == [[1], [3]]


async def test_a_batch_that_fails_is_told_and_the_next_is_tried(bench):
    one = bench(most=1)
    one.done.set()
    for number in (13, 14):
        one.batcher.put(number)
    await one.batcher.drained()
    assert one.failed == [13]
    assert one.batches == [[13], [14]]


async def test_who_survives_a_cancellation_goes_on_with_what_waits(bench):
    one = bench()
    one.batcher.put(1)
    await one.turns()
    one.batcher.put(2)
    one.task.cancel()
    await asyncio.gather(one.task, return_exceptions=True)
    one.done.set()
    one.task = asyncio.create_task(one.batcher.run())
    await asyncio.wait_for(one.batcher.drained(), 5)
    assert one.batches == [[1], [2]]
