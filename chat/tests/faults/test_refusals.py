"""A PostgreSQL that answers and takes no writes, while people talk."""

from contextlib import contextmanager

import pytest

from chat.tests.faults.network import Network
from chat.tests.support import eventually
from chat.tests.support.servers import Standby
from chat.tests.support.site import Scaled

pytestmark = pytest.mark.stack("scaled")
SEES = "posts wait or are told `busy`, and go out afterwards"


@pytest.fixture(scope="module")
def stack(pytestconfig):
    """One of our own, to break."""
    stack = Scaled(pytestconfig.stack.folder / "read-only")
    stack.start()
    yield stack
    stack.stop()


def takes_posts(site, process: int = 0) -> bool:
    """What `/readyz` says of one process."""
    answer = site.request("/readyz", process=process)
    assert (answer.status == 200) == (set(answer.json().values()) == {"ok"})
    return answer.json()["posts"] == "ok"


@contextmanager
def outage(site):
    """Each process says that it takes no posts, and says in its log, once, why and that it is
    over."""
    before = [len(process.log.read_text()) for process in site.processes]
    yield
    for process, length in zip(site.processes, before, strict=True):
        lines = process.log.read_text()[length:].splitlines()
        begun = [line for line in lines if "the database can't be written to" in line]
        assert len(begun) == 1, lines
        assert not [line for line in lines if line.startswith((" ", "Traceback"))], lines
        assert len([line for line in lines if "the database is back" in line]) == 1, lines


def test_a_database_that_becomes_read_only_takes_no_posts_and_goes_on_when_it_does(
    site, gather, fault, length
):
    crowd = gather(site)
    with fault("PostgreSQL is read-only", SEES, crowd), outage(site):
        site.postgres.set_read_only(True)
        try:
            crowd.hears_of_nothing(length(short=2, full=15))
            assert not any(takes_posts(site, process) for process in range(2))
        finally:
            site.postgres.set_read_only(False)
        crowd.gets_on(1)
    eventually(lambda: all(takes_posts(site, process) for process in range(2)))


INSERTS = {
    "INSERT is revoked": (
        "REVOKE INSERT ON chat_message FROM tenant",
        "GRANT INSERT ON chat_message TO tenant",
    ),
    "a column is missing": (
        "ALTER TABLE chat_message RENAME COLUMN hidden_by TO other",
        "ALTER TABLE chat_message RENAME COLUMN other TO hidden_by",
    ),
    "a trigger refuses all": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'over quota'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON chat_message EXECUTE FUNCTION refuse()",
        "DROP TRIGGER refuse ON chat_message; DROP FUNCTION refuse",
    ),
}


@pytest.fixture(scope="module")
def rented(site):
    """A site whose database belongs to a host: it may read and write, and no more."""
    site.sql(
        "DO $$ BEGIN CREATE ROLE tenant LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;"
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO tenant;"
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO tenant"
    )
    owner = site.env["DATABASE_URL"]
    for process in site.processes:
        process.stop()
        process.env = site.env | {"DATABASE_URL": owner.replace("//chat@", "//tenant@")}
        process.start()
    return site


@pytest.mark.parametrize("way", INSERTS)
def test_a_database_that_refuses_inserts_is_an_outage_a_line_long(
    rented, gather, fault, length, way
):
    refuse, allow = INSERTS[way]
    crowd = gather(rented)
    with fault(f"inserts are refused: {way}", SEES, crowd), outage(rented):
        rented.sql(refuse)
        crowd.hears_of_nothing(length(short=2, full=10))
        assert not any(takes_posts(rented, process) for process in range(2))
        rented.sql(allow)
        crowd.gets_on(1)


def test_after_a_fail_over_nobody_stays_with_the_old_server_that_is_read_only_and_up(
    make_site, stack, gather, fault
):
    standby = Standby(stack.postgres, stack.folder / "standby")
    network = Network(stack.postgres.url("postgres"))
    site = make_site()
    home = site.env["DATABASE_URL"]
    site.env["DATABASE_URL"] = home.replace(f":{stack.postgres.port}/", f":{network.port}/")
    for process in site.processes:
        process.stop()
        process.start()
    crowd = gather(site)
    try:
        standby.start()
        with fault("a fail-over; the old server stays up, read-only", SEES, crowd):
            stack.postgres.set_read_only(True)
            eventually(standby.is_level, 20)
            standby.promote()
            network.lead_to(standby.url("postgres"))
        database = home.rpartition("/")[2]
        ours = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}'"
        eventually(lambda: not stack.postgres.query(ours), 20)
    finally:
        stack.postgres.set_read_only(False)
        network.close()
        if standby.process:
            standby.stop()
