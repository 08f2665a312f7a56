"""Several writers at once, each a process of its own."""

import threading

WRITE = """
from chat.log.append import store
from chat.log.entries import Draft
for number in range(20):
    store([Draft("{author}", "{author}", f"nonce-{{number:04}}", f"{{number}}")])
"""


def test_processes_that_write_at_once_leave_no_gap_and_keep_each_authors_order(make_site):
    site = make_site()
    authors = ("ada", "bob", "cy")
    writers = [
        threading.Thread(target=site.manage, args=("shell", "-c", WRITE.format(author=author)))
        for author in authors
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = site.messages()
    assert [row["seq"] for row in rows] == list(range(1, 61))
    assert site.sql("SELECT seq FROM chat_log") == [{"seq": 60}]
    for author in authors:
        said = [row["text"] for row in rows if row["author"] == author]
        assert said == [str(number) for number in range(20)]
