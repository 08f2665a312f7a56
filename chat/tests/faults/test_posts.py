"""One nonce, one message: from two places at once, with two texts, next to a bad neighbour."""

import pytest

pytestmark = pytest.mark.stack("scaled")
DAWDLES = """
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.text = 'poison' THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;
    CREATE TRIGGER dawdle BEFORE INSERT ON chat_message FOR EACH ROW EXECUTE FUNCTION dawdle()
"""
REFUSES_POISON = "ALTER TABLE chat_message ADD CHECK (text <> 'poison')"


def test_the_same_post_from_two_tabs_on_two_processes_at_once_is_one_message(
    site, gather, fault, join, length
):
    crowd, cookie = gather(site), site.cookie()
    tabs = [join(site, "Ada", process=process, cookie=cookie) for process in (0, 1)]
    with fault("the same nonce from two processes at once", "one message", crowd):
        for number in range(length(short=30, full=300)):
            nonce = f"both-tabs-{number:04}"
            for tab in tabs:
                tab.posts(f"said twice {number}", nonce)
            assert tabs[0].is_accepted(nonce) == tabs[1].is_accepted(nonce)
            for tab in tabs:
                tab.hears(f"said twice {number}")


def test_of_two_texts_under_one_nonce_one_is_stored_and_the_other_rejected(
    site, gather, fault, join, length
):
    crowd, cookie = gather(site), site.cookie()
    tabs = [join(site, "Bob", process=process, cookie=cookie) for process in (0, 1)]
    with fault("one nonce, two texts", "the second is rejected: `nonce_conflict`", crowd):
        for number in range(length(short=30, full=300)):
            nonce = f"conflict-{number:04}"
            for side, tab in enumerate(tabs):
                tab.posts(f"side {side}, {number}", nonce)
            answers = [tab.is_answered(nonce) for tab in tabs]
            (won,) = (side for side in (0, 1) if answers[side]["type"] == "accepted")
            assert answers[1 - won]["code"] == "nonce_conflict"
            rows = site.sql(f"SELECT text FROM chat_message WHERE nonce = '{nonce}'")
            assert rows == [{"text": f"side {won}, {number}"}]


def test_a_message_that_the_database_refuses_does_not_harm_those_beside_it(
    site, gather, fault, join
):
    site.sql(REFUSES_POISON)
    crowd = gather(site)
    eve = join(site, "Eve")
    with fault("a row that the database refuses", "nothing, but for its author", crowd):
        nonces = [eve.posts(text) for text in ("before", "poison", "after")]
        eve.is_accepted(nonces[0])
        eve.is_accepted(nonces[2])
        assert eve.is_rejected(nonces[1])["code"] == "invalid_text"
    assert not site.sql("SELECT * FROM chat_message WHERE text = 'poison'")


def test_a_message_that_never_gets_done_in_time_fails_alone_and_the_others_are_stored(
    make_site, stack, gather, fault, join, length
):
    site = make_site()
    site.sql(DAWDLES)
    if timeout := length(short="?options=-c%20statement_timeout=1s", full=""):
        for process in site.processes:
            process.stop()
            process.env = site.env | {"DATABASE_URL": site.env["DATABASE_URL"] + timeout}
            process.start()
    crowd = gather(site)
    eve = join(site, "Eve")
    name = "a row that takes the database too long"
    with fault(name, "nothing, but for its author; others wait for seconds", crowd):
        nonces = [eve.posts(text) for text in ("before", "poison", "after")]
        assert eve.is_rejected(nonces[1], 40)["code"] == "invalid_text"
        assert eve.is_answered(nonces[0])["type"] == "accepted"
    assert not site.sql("SELECT * FROM chat_message WHERE text = 'poison'")
