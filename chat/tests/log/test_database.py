"""The threads' connections, on a real PostgreSQL: what is broken or of the past is used no more."""

import psycopg
import pytest
from django.db import InternalError, connection

from chat.relay.work.threads import Threads

pytestmark = [
    pytest.mark.stack("scaled"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("flushed"),
]


@pytest.fixture
async def threads():
    threads = Threads("tests", 2)
    yield threads
    threads.stop()


@pytest.fixture
async def keeping():
    """As the relay's: each thread keeps its connection."""
    threads = Threads("tests", 1, keep=True)
    yield threads
    threads.stop()


def backend() -> int:
    """The server's process that this connection is to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def fail(pids: list[int]) -> None:
    pids.append(backend())
    raise ValueError("a bug")


def become_read_only() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    return backend()


def write_where_nothing_is_written() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("UPDATE chat_log SET seq = seq")


async def test_a_connection_goes_back_to_the_pool_and_comes_again(threads):
    pids = [await threads.run(backend) for _ in range(12)]
    assert len(set(pids)) <= 4


async def test_one_that_has_met_an_error_is_not_used_again_whatever_it_was(threads):
    pids = []
    with pytest.raises(ValueError, match="a bug"):
        await threads.run(fail, pids)
    for _ in range(8):
        assert await threads.run(backend) not in pids


async def test_one_that_has_become_read_only_is_not_given_back(threads):
    before = await threads.run(become_read_only)
    for _ in range(8):
        assert await threads.run(backend) != before


async def test_one_that_is_kept_and_has_become_read_only_is_kept_no_longer(keeping):
    before = await keeping.run(become_read_only)
    after = await keeping.run(backend)
    assert after != before
    assert await keeping.run(backend) == after


async def test_where_nothing_can_be_written_no_connection_of_the_pool_is_used_again(threads):
    pool = connection.pool
    before = set()
    held = [pool.getconn() for _ in range(3)]
    before |= {link.info.backend_pid for link in held}
    for link in held:
        pool.putconn(link)
    with pytest.raises(InternalError) as caught:
        await threads.run(write_where_nothing_is_written)
    assert isinstance(caught.value.__cause__, psycopg.errors.ReadOnlySqlTransaction)
    for _ in range(8):
        assert await threads.run(backend) not in before
