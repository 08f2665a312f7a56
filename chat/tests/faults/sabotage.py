"""Daphne with something wrong in it: python -m chat.tests.faults.sabotage HOW <its arguments>

HOW is the name of one of the functions here: each changes the site's code before Daphne starts.
Some strike once, when a test arms them, and in the process that comes by first.
"""

import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ARMED = "armed"  # a file in CHAT_DATA


def sabotaged(how: Callable[[], None]) -> Sequence[str]:
    """The `program` of a Daphne to which this was done."""
    return ("-m", __name__, how.__name__)


def arm(env: dict[str, str]) -> Path:
    """Let it strike, once, on the site with these variables. When it has, the file is gone."""
    file = Path(env["CHAT_DATA"]) / ARMED
    file.touch()
    return file


def _is_armed() -> bool:
    """Whether to strike now; true for one process, once."""
    from django.conf import settings

    try:
        (settings.DATA_DIR / ARMED).unlink()
    except FileNotFoundError:
        return False
    return True


def dies_after_a_commit() -> None:
    """It is killed as soon as posts are stored: nobody is told, nothing is published."""
    from chat.log import append

    store = append.store

    def store_and_die(*args):
        stored = store(*args)
        if _is_armed():
            os.kill(os.getpid(), signal.SIGKILL)
        return stored

    append.store = store_and_die


def loses_the_answer_to_a_commit() -> None:
    """What is stored is stored, but the connection ends before PostgreSQL has said so."""
    from django.db import OperationalError

    from chat.log import append

    store = append.store

    def store_and_lose(*args):
        stored = store(*args)
        if _is_armed():
            raise OperationalError("server closed the connection unexpectedly")
        return stored

    append.store = store_and_lose


def stores_late() -> None:
    """It takes three seconds for a batch, and waits one second for what HTTP asks for."""
    import time

    from chat.log import append
    from chat.web import answering

    store, answering.AT_MOST = append.store, 1.0

    def store_late(*args):
        if _is_armed():
            time.sleep(3)
        return store(*args)

    append.store = store_late


def dies_before_it_publishes() -> None:
    """It is killed when the authors have heard `accepted`, and nobody else has heard anything."""
    import asyncio

    from chat.relay.group import Group

    publish, dying = Group.publish, []

    def die_instead(group, hint, *args, **kwargs):
        if hint["type"] == "stored" and not dying and _is_armed():
            # Soon, not now: `accepted` lies in the server's buffers until the loop goes round.
            dying.append(asyncio.get_running_loop().call_later(0.02, os.kill, os.getpid(), 9))
        if not dying:
            publish(group, hint, *args, **kwargs)

    Group.publish = die_instead


def freezes_with_the_lock() -> None:
    """It is stopped within a transaction that has changed the counter."""
    from django.db.backends.signals import connection_created

    def freeze(execute, sql, *args):
        done = execute(sql, *args)
        if sql.replace('"', "").startswith("UPDATE chat_log SET seq") and _is_armed():
            os.kill(os.getpid(), signal.SIGSTOP)
        return done

    def watch(connection, **kwargs):
        if freeze not in connection.execute_wrappers:
            connection.execute_wrappers.append(freeze)

    connection_created.connect(watch, weak=False)


def shuffles_batches() -> None:
    """Four at a time, what it has stored is published backwards; some is lost, some comes twice."""
    from chat.relay.group import Group

    publish, held = Group.publish, []

    def shuffle(group, hint, *args, **kwargs):
        if hint["type"] != "batch":
            publish(group, hint, *args, **kwargs)
            return
        held.append(hint)
        if len(held) < 4:
            return
        for late in reversed(held):
            for _ in range(random.choice((0, 1, 1, 2))):
                publish(group, late)
        held.clear()

    Group.publish = shuffle


def has_a_tiny_channel_layer() -> None:
    """Its channels take one hint; what comes while that one waits is dropped without a word."""
    from django.conf import settings

    settings.CHANNEL_LAYERS["default"]["CONFIG"] = {"capacity": 1}


def main() -> None:
    import django
    from daphne.cli import CommandLineInterface

    os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    django.setup()
    globals()[sys.argv.pop(1)]()
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
