"""Who asks where the log stands, and is answered when somebody has looked."""

import pytest

from chat.relay.following import pings
from chat.relay.following.pings import Pings
from chat.tests.support import until

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


@pytest.fixture
def asked():
    """How often a look was asked for."""
    return []


@pytest.fixture
def waiting(asked, monkeypatch):
    monkeypatch.setattr(pings, "GATHER", 0.001)
    return Pings(lambda: asked.append(1))


async def test_one_look_serves_all_who_asked_before_it_and_no_other(waiting, asked):
    answers = []
    for name in ("ada", "bob"):
        waiting.ask(lambda name=name: answers.append(name))
    await until(lambda: asked)
    with waiting.look():
        waiting.ask(lambda: answers.append("late"))
        assert answers == []
    assert sorted(answers) == ["ada", "bob"]
    await until(lambda: len(asked) == 2)
    with waiting.look():
        pass
    assert answers[2:] == ["late"]


async def test_a_look_that_fails_answers_too(waiting):
    answers = []
    waiting.ask(lambda: answers.append(1))
    with pytest.raises(ValueError, match="a bug"), waiting.look():
        raise ValueError("a bug")
    assert answers == [1]


async def test_where_nobody_looks_who_asks_is_answered_in_the_end(waiting, monkeypatch):
    monkeypatch.setattr(pings, "ANSWER", 0.01)
    answers = []
    waiting.ask(lambda: answers.append(1))
    await until(lambda: answers)


async def test_where_too_many_wait_who_comes_is_answered_at_once(waiting, monkeypatch):
    monkeypatch.setattr(pings, "WAITING", 1)
    answers = []
    for name in ("ada", "bob"):
        waiting.ask(lambda name=name: answers.append(name))
    assert answers == ["bob"]
