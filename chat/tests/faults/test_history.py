"""An older database is put back, or an empty one, while the processes run and people talk."""

import time

import pytest

from chat.tests.faults.oracle import Backup
from chat.tests.support import eventually

SEES = "the room starts afresh, as it is in the backup"


def back_up(site) -> Backup:
    return Backup(site.sql("SELECT seq FROM chat_log")[0]["seq"])


def put_back(site, backup: Backup) -> None:
    """The log of the backup, without the messages that have changed since; or an empty one, where
    that is at 0."""
    lost = f"SELECT seq FROM chat_message WHERE rev > {backup.seq}"
    site.transaction(
        f"UPDATE chat_log SET seq = {backup.seq}",
        f"DELETE FROM chat_reaction WHERE message_id IN ({lost})",
        f"DELETE FROM chat_formertext WHERE message_id IN ({lost})",
        f"DELETE FROM chat_message WHERE rev > {backup.seq}",
    )
    backup.put_back_at = time.monotonic()
    kept = site.sql(f"SELECT seq FROM chat_message WHERE seq <= {backup.seq}")
    backup.kept = {row["seq"] for row in kept}


@pytest.mark.parametrize("lost", [2, 100], ids=["by a few messages", "by many"])
def test_when_an_older_database_is_put_back_unannounced_everybody_starts_afresh(
    make_site, gather, fault, lost
):
    site = make_site()
    crowd, backup = gather(site), back_up(site)
    name = f"a database put back that is {lost} messages older, nobody told"
    with fault(name, SEES, crowd, restored=backup):
        crowd.gets_on(lost // len(crowd.talkers))
        put_back(site, backup)


@pytest.mark.stack("scaled")
def test_after_a_restore_as_documented_everybody_starts_afresh(make_site, gather, fault):
    site = make_site()
    crowd, backup = gather(site), back_up(site)
    with fault("a restore with `new_epoch`", SEES, crowd, restored=backup):
        for process in site.processes:
            process.stop()
        put_back(site, backup)
        site.manage("new_epoch")
        for process in site.processes:
            process.launch()
        for process in site.processes:
            process.wait_until_up()


@pytest.mark.stack("scaled")
def test_a_log_that_is_wiped_is_an_empty_room_for_everybody(make_site, gather, fault):
    site = make_site()
    crowd, nothing = gather(site), Backup(0)
    with fault("the log wiped", "an empty room", crowd, restored=nothing):
        put_back(site, nothing)


def rows(site, table: str) -> int:
    return site.sql(f"SELECT COUNT(*) AS rows FROM {table}")[0]["rows"]


def test_a_flush_while_people_talk_is_an_empty_room_for_everybody(make_site, gather, fault):
    site = make_site()
    crowd, nothing = gather(site), Backup(0, set())
    with fault("`manage.py flush`", "an empty room", crowd, restored=nothing):
        site.manage("flush", "--noinput")
        nothing.put_back_at = time.monotonic()
        eventually(lambda: rows(site, "chat_log") == rows(site, "chat_room") == 1)
    assert site.request("/readyz").status == 200


def test_the_rooms_row_that_is_deleted_alone_is_made_again(make_site, gather, fault):
    site = make_site()
    crowd = gather(site)
    with fault("the room's row deleted", "a new room's title", crowd):
        site.sql("DELETE FROM chat_room")
        eventually(lambda: rows(site, "chat_room") == 1)
    assert site.request("/readyz").status == 200


def test_the_logs_row_that_is_deleted_alone_goes_on_after_its_messages(make_site, gather, fault):
    site = make_site()
    crowd = gather(site)
    with fault("the log's row deleted", "the room starts afresh", crowd, restored=Backup(10**9)):
        site.sql("DELETE FROM chat_log")
        eventually(lambda: rows(site, "chat_log") == 1)
    assert site.request("/readyz").status == 200
