"""What the room stands on, on a real database: SQLite or PostgreSQL, as --stack says."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from chat.log import append, change, head, upkeep
from chat.log.entries import Draft
from chat.models import Log, Message, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("flushed")]


def says(*texts: str) -> list[int | None]:
    outcomes, _ = append.store([Draft("ada", "Ada", f"nonce-{text}", text) for text in texts])
    return [outcome.seq for outcome in outcomes]


def test_where_all_is_well_nothing_is_mended():
    says("one")
    before = head.read_head()
    assert not upkeep.mend()
    assert head.read_head() == before


def test_a_log_whose_row_is_gone_goes_on_after_its_highest_number_in_another_epoch(caplog):
    says("one", "two", "three")
    change.hide(Message.objects.filter(seq=2), "mod")
    epoch = head.read_head().epoch
    Log.objects.all().delete()
    with pytest.raises(head.RowMissing):
        head.read_head()
    with pytest.raises(head.RowMissing):
        says("four")
    assert upkeep.mend()
    assert head.read_head().epoch != epoch
    assert head.read_head().seq == 4
    assert says("four") == [5]
    assert "was the database flushed" in caplog.text


def test_a_log_that_is_wholly_gone_begins_at_nothing():
    Log.objects.all().delete()
    assert upkeep.mend()
    assert head.read_head().seq == 0
    assert says("one") == [1]


def test_a_room_whose_row_is_gone_is_made_as_a_new_one_and_everybody_reads_it_again():
    version = head.read_head().version
    Room.objects.all().delete()
    with pytest.raises(head.RowMissing):
        head.read_head()
    assert upkeep.mend()
    assert Room.objects.get().title == "Simple chat"
    assert head.read_head().version > version


def test_a_log_that_is_behind_its_own_messages_catches_up_in_another_epoch():
    says("one", "two")
    epoch = head.read_head().epoch
    Log.objects.update(seq=1)
    assert upkeep.mend()
    assert head.read_head().epoch != epoch
    assert says("three") == [3]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_mend_at_once_and_talk_meanwhile_there_is_one_row_of_each():
    upkeep.mend()
    says("one")
    Log.objects.all().delete()
    Room.objects.all().delete()
    begin = threading.Barrier(6)
    failures = []

    def mends(number: int) -> None:
        begin.wait()
        try:
            upkeep.mend()
            says(f"by {number}")
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=mends, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert (Log.objects.count(), Room.objects.count()) == (1, 1)
    assert sorted(Message.objects.values_list("rev", flat=True)) == list(range(1, 8))
    assert head.read_head().seq == 7


def test_who_tries_the_room_out_leaves_nothing_behind():
    says("one")
    before = head.read_head()
    upkeep.try_out()
    assert head.read_head() == before
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        "DELETE FROM chat_log",
        "DELETE FROM chat_room",
        "ALTER TABLE chat_message DROP COLUMN edited_at",
        "ALTER TABLE chat_message RENAME COLUMN text TO words",
        "ALTER TABLE chat_log RENAME COLUMN seq TO number",
    ],
)
def test_a_room_that_could_store_nothing_fails_when_it_is_tried_out(broken):
    with connection.cursor() as cursor:
        cursor.execute(broken)
    with pytest.raises(DatabaseError):
        upkeep.try_out()


@pytest.mark.stack("scaled")
@pytest.mark.django_db(transaction=True)
def test_it_can_be_tried_out_while_another_has_the_logs_lock():
    upkeep.mend()
    tried = []

    def tries() -> None:
        upkeep.try_out()
        tried.append(True)
        connection.close()

    with transaction.atomic():
        Log.objects.update(seq=0)
        done = threading.Thread(target=tries)
        done.start()
        done.join(1.5)  # the lock is waited for 2 s
        assert tried
