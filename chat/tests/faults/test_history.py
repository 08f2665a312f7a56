"""An older database is put back, or an empty one, while the processes run and people talk."""

import time

import pytest

from chat.tests.faults.oracle import Backup

SEES = "the room starts afresh, as it is in the backup"


def back_up(site) -> Backup:
    return Backup(site.sql("SELECT seq FROM chat_log")[0]["seq"])


def put_back(site, backup: Backup) -> None:
    """The log of the backup; or an empty one, where that is at 0."""
    site.transaction(
        f"UPDATE chat_log SET seq = {backup.seq}",
        f"DELETE FROM chat_message WHERE seq > {backup.seq}",
    )
    backup.put_back_at = time.monotonic()


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
