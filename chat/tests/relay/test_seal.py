"""Seals on hints: what is believed, and what is not."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.relay import seal
from chat.relay.seal import AGE, WINDOW, Broken, Opener, Sealer, keys_of

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

KEYS = keys_of([b"the secret"])


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sealer(clock):
    return Sealer(KEYS[0], b"process1", clock)


@pytest.fixture
def opener(clock):
    return Opener(KEYS, clock)


@given(st.binary(max_size=1000))
def test_what_was_sealed_is_opened_as_it_was(payload):
    assert Opener(KEYS).open(Sealer(KEYS[0], b"process1").seal(payload)) == payload


def test_it_is_opened_once(sealer, opener):
    sealed = sealer.seal(b"hint")
    opener.open(sealed)
    with pytest.raises(Broken, match="repeated"):
        opener.open(sealed)


def test_what_others_have_sealed_meanwhile_makes_nothing_repeated(clock, sealer, opener):
    other = Sealer(KEYS[0], b"process2", clock)
    for word in (b"a", b"b"):
        assert opener.open(other.seal(word)) == opener.open(sealer.seal(word)) == word


def test_hints_that_overtake_each_other_are_each_opened_once(sealer, opener):
    sealed = [sealer.seal(b"%d" % number) for number in range(WINDOW)]
    for one in reversed(sealed):
        opener.open(one)
    for one in sealed:
        with pytest.raises(Broken, match="repeated"):
            opener.open(one)


def test_one_that_comes_later_than_the_window_is_dropped_whether_or_not_it_was_there(
    sealer, opener
):
    late, *rest = [sealer.seal(b"") for _ in range(WINDOW + 1)]
    opener.open(rest[-1])
    with pytest.raises(Broken, match="repeated"):
        opener.open(late)
    opener.open(rest[0])


@pytest.mark.parametrize("by", [AGE + 1, -AGE - 1])
def test_what_is_old_or_of_another_clock_is_dropped(clock, sealer, opener, by):
    sealed = sealer.seal(b"hint")
    clock.now += by
    with pytest.raises(Broken, match="old"):
        opener.open(sealed)


def test_another_secret_makes_no_seal_of_ours_and_a_former_one_does():
    other = Sealer(keys_of([b"another"])[0], b"process1").seal(b"hint")
    with pytest.raises(Broken, match="forged"):
        Opener(KEYS).open(other)
    assert Opener(keys_of([b"the secret", b"another"])).open(other) == b"hint"


def test_a_change_of_any_byte_breaks_it(sealer, opener):
    sealed = sealer.seal(b"hint")
    lengths = range(len(seal.ENVELOPE), len(seal.ENVELOPE) + 4)  # only MessagePack's
    for place in set(range(len(sealed))) - set(lengths):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Broken):
            opener.open(bytes(changed))
    assert opener.open(sealed) == b"hint"


@given(st.binary(max_size=300) | st.integers() | st.none() | st.text())
def test_nothing_else_is_opened(garbage):
    opener = Opener(KEYS)
    with pytest.raises(Broken):
        opener.open(garbage)
    if isinstance(garbage, bytes):
        with pytest.raises(Broken):
            opener.open(seal.ENVELOPE + garbage)


def test_what_is_huge_is_not_even_looked_at(monkeypatch, sealer, opener):
    monkeypatch.setattr(seal, "LARGEST", 1000)
    sealed = sealer.seal(b"x" * 1000)
    with pytest.raises(Broken, match="unsigned"):
        opener.open(sealed)


def test_the_senders_that_are_remembered_are_bounded(monkeypatch, clock, opener):
    monkeypatch.setattr(seal, "SENDERS", 3)
    for number in range(10):
        opener.open(Sealer(KEYS[0], b"sender-%d" % number, clock).seal(b""))
    assert len(opener._windows) == 3


@pytest.mark.parametrize("size", [0, 10, 100_000])
def test_a_process_of_the_release_before_sees_a_hint_of_a_kind_it_does_not_know(sealer, size):
    read = msgpack.unpackb(sealer.seal(b"x" * size))
    assert read["type"] == "sealed"
