"""An older database is put back: nobody misses what is said from then on."""

import pytest

from chat.tests.support import eventually

pytestmark = pytest.mark.stack("embedded")  # faults/test_history.py has the other stack


def test_after_a_restore_and_new_epoch_every_client_starts_afresh(make_site, join):
    site = make_site()
    ada, bob = join(site, "Ada"), join(site, "Bob", process=-1)
    ada.says("in the backup")
    bob.hears("in the backup")
    lost = ada.says("after the backup")
    bob.hears("after the backup")
    for number in range(len(site.processes)):
        site.stop(number)
    site.sql(f"DELETE FROM chat_message WHERE seq = {lost}")
    site.sql(f"UPDATE chat_log SET seq = {lost - 1}")
    assert "epoch" in site.manage("new_epoch")
    for number in range(len(site.processes)):
        site.start(number)
    for person in (ada, bob):
        assert person.resumes()["resumed"] is False
        assert [message["text"] for message in person.history] == ["in the backup"]
    assert ada.says("another one under that number") == lost
    bob.hears("another one under that number")


def test_pages_that_are_open_meanwhile_are_told_within_seconds(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    before = site.sql("SELECT epoch FROM chat_log")
    site.manage("new_epoch")
    assert ada.gets("bye", deadline=5)["code"] == "resync"
    assert site.sql("SELECT epoch FROM chat_log") != before
    eventually(lambda: ada.resumes()["resumed"] is False)
