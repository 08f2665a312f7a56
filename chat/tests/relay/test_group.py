"""The process's channel, before a channel layer that hangs, fails, loses and comes back."""

import asyncio

import pytest

from chat.relay import group
from chat.relay.group import Group
from chat.tests.support import until
from chat.tests.support.played import HANG, Layer

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

DOWN = "the channel layer can't be reached: ConnectionError: refused"
BACK = "the channel layer is back"


class Process:
    """A group at work, and the hints that it has heard."""

    def __init__(self, layer: Layer):
        self.group, self.layer = Group(), layer
        self.heard: list[object] = []
        self.group.on("word", lambda hint: self.heard.append(hint["word"]))
        self.tasks: list[asyncio.Task] = []

    def starts(self) -> None:
        self.tasks = [asyncio.create_task(work()) for work in self.group.tasks]

    async def ends(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def says(self, word: object) -> None:
        self.group.publish({"type": "word", "word": word})

    @property
    def channel(self) -> asyncio.Queue:
        return self.layer.channels[self.group.channel_name]


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(group, "TIMEOUT", 0.05)
    monkeypatch.setattr(group, "STEADY", 0.005)


@pytest.fixture
async def two(layer):
    processes = Process(layer), Process(layer)
    for process in processes:
        process.starts()
        await until(lambda process=process: process.group.channel_name)
    await until(lambda: len(layer.members["room"]) == 2)
    yield processes
    for process in processes:
        await process.ends()


# --- Hints ---------------------------------------------------------------------------------------
async def test_what_one_process_says_the_others_hear_in_order_and_it_does_not(two):
    ada, bob = two
    for number in range(3):
        ada.says(number)
    bob.says("end")
    await until(lambda: ada.heard and len(bob.heard) == 3)
    assert (ada.heard, bob.heard) == (["end"], [0, 1, 2])


async def test_a_hint_of_a_kind_that_is_not_known_or_that_breaks_its_handler_is_passed_over(
    two, caplog
):
    ada, bob = two

    def breaks(hint):
        raise ValueError("a bug")

    bob.group.on("broken", breaks)
    for hint in ({"type": "of tomorrow"}, {"type": "broken"}):
        ada.group.publish(hint)
    ada.says("hello")
    await until(lambda: bob.heard == ["hello"])
    assert caplog.messages == ["a hint could not be used"]


# --- A layer in trouble --------------------------------------------------------------------------
@pytest.mark.parametrize("trouble", [HANG, ConnectionError("refused")], ids=["hangs", "raises"])
async def test_a_hint_that_can_not_be_sent_is_lost_and_keeps_none_that_follows(two, layer, trouble):
    ada, bob = two
    layer.trouble = trouble
    ada.says("lost")
    await asyncio.wait_for(ada.group.drained(), 5)
    layer.trouble = None
    ada.says("heard")
    await until(lambda: bob.heard == ["heard"])


async def test_who_can_not_receive_lets_go_of_the_channel_and_takes_another(two, layer):
    ada, bob = two
    former = bob.group.channel_name
    bob.channel.put_nowait(ConnectionError("refused"))
    await until(lambda: bob.group.channel_name not in (None, former))
    assert layer.flushed == 1
    await until(lambda: bob.group.channel_name in layer.members["room"])
    ada.says("are you there")
    await until(lambda: bob.heard == ["are you there"])


async def test_a_layer_that_is_away_at_the_start_is_found_later(layer):
    layer.trouble = HANG
    process = Process(layer)
    process.starts()
    await until(lambda: layer.flushed)
    assert process.group.channel_name is None
    layer.trouble = None
    await until(lambda: process.group.channel_name)
    await process.ends()


async def test_of_what_waits_the_newest_are_kept_and_sent(layer, monkeypatch):
    monkeypatch.setattr(group, "BACKLOG", 3)
    process = Process(layer)
    for number in range(10):
        process.says(number)
    process.starts()
    await asyncio.wait_for(process.group.drained(), 5)
    assert [hint["word"] for hint in layer.sent] == [7, 8, 9]
    await process.ends()


async def test_who_stops_waiting_for_what_was_published_loses_nothing_of_it(two):
    ada, bob = two
    ada.says("hello")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ada.group.drained(), 0)
    await until(lambda: bob.heard == ["hello"])


# --- What is said of it --------------------------------------------------------------------------
async def test_an_outage_is_a_line_and_its_end_another(two, layer, caplog):
    caplog.set_level("INFO")
    ada, bob = two
    layer.trouble = ConnectionError("refused")
    for number in range(3):
        ada.says(number)
    await ada.group.drained()
    assert caplog.messages == [DOWN]
    layer.trouble = None
    await asyncio.sleep(2 * group.STEADY)
    bob.says("hello")
    await until(lambda: len(caplog.messages) > 1)
    assert caplog.messages == [DOWN, BACK]


async def test_what_works_one_way_only_is_not_back(two, layer, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(group, "STEADY", 60)
    ada, bob = two
    for number in range(3):
        layer.trouble = ConnectionError("refused")
        ada.says("lost")
        await ada.group.drained()
        layer.trouble = None
        bob.says(number)
        await until(lambda number=number: number in ada.heard)
    assert caplog.messages == [DOWN]


# --- Whether it answers --------------------------------------------------------------------------
async def test_it_answers_while_its_own_hints_come_back(two, layer):
    ada, _ = two
    assert await ada.group.answers()
    layer.loses = True
    assert not await ada.group.answers()
    layer.loses = False
    assert await ada.group.answers()


@pytest.mark.parametrize("trouble", [HANG, ConnectionError("refused")], ids=["hangs", "raises"])
async def test_it_does_not_answer_while_nothing_can_be_sent(two, layer, trouble):
    ada, _ = two
    layer.trouble = trouble
    assert not await ada.group.answers()


async def test_it_does_not_answer_before_it_listens(layer):
    assert not await Process(layer).group.answers()


async def test_who_asks_and_goes_leaves_the_next_a_true_answer(two, layer):
    ada, _ = two
    layer.trouble = HANG
    asking = asyncio.create_task(ada.group.answers())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    layer.trouble = None
    assert await ada.group.answers()


# --- Membership ----------------------------------------------------------------------------------
async def test_a_membership_that_was_lost_comes_back_by_itself(layer, monkeypatch):
    monkeypatch.setattr(group, "ADD_AGAIN", 0.001)
    process = Process(layer)
    process.starts()
    for _ in range(2):
        await until(lambda: layer.members["room"])
        layer.members.clear()
    await until(lambda: layer.members["room"])
    await process.ends()


async def test_a_channel_that_the_layer_has_lost_without_a_word_is_given_up_for_another(
    layer, monkeypatch
):
    """As Redis' layer does: it takes the channel for a member still, and does nothing."""
    monkeypatch.setattr(group, "ADD_AGAIN", 0.001)
    monkeypatch.setattr(group, "SILENCE", 0.05)
    process, add = Process(layer), layer.group_add
    process.starts()
    await until(lambda: layer.members["room"])
    (lost,) = layer.members["room"]

    async def add_another(name, channel):
        if channel != lost:
            await add(name, channel)

    layer.group_add = add_another
    layer.members["room"].clear()
    await until(lambda: layer.members["room"])
    await layer.group_send("room", {"type": "word", "word": "are you there"})
    await until(lambda: process.heard == ["are you there"])
    await process.ends()


async def test_a_channel_is_kept_though_nobody_else_says_anything(layer, monkeypatch):
    monkeypatch.setattr(group, "ADD_AGAIN", 0.001)
    monkeypatch.setattr(group, "SILENCE", 1)
    process = Process(layer)
    process.starts()
    await until(lambda: layer.sent)
    first = process.group.channel_name
    await asyncio.sleep(1.5 * group.SILENCE)
    assert process.group.channel_name == first
    await process.ends()


async def test_nobody_waits_for_a_membership_while_the_layer_is_known_to_be_away(two, layer):
    ada, _ = two
    layer.trouble = HANG
    await ada.group.add()  # waits, and learns that it is away
    adding = asyncio.create_task(ada.group.add())
    await asyncio.sleep(0)
    assert adding.done()


async def test_a_nudge_that_nobody_gets_is_a_line_no_more(layer, caplog):
    layer.trouble = ConnectionError("refused")
    await group.nudge()
    assert caplog.messages == [DOWN]
    layer.trouble = None
    await group.nudge()
    assert layer.sent == [{"type": "look"}]
