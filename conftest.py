"""Where pytest begins: it chooses the stack before Django reads its settings."""

import logging
import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

from chat.tests.support.servers import stop_all, without_product_variables
from chat.tests.support.site import STACKS, collect_static

# Tests assert no times; and `make test` has ten minutes.
hypothesis.settings.register_profile("any machine", deadline=None, max_examples=50)
hypothesis.settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=list(STACKS),
        default="embedded",
        help="embedded: SQLite, in-memory layer, one process; scaled: PostgreSQL, Redis, two",
    )
    parser.addoption(
        "--length",
        choices=["short", "full"],
        default="short",
        help="how long faults last: a few seconds, or as long as `make faults` wants it",
    )
    parser.addoption("--record", metavar="FILE", help="add each measured recovery to this file")


def pytest_configure(config: pytest.Config) -> None:
    folder = tempfile.TemporaryDirectory(prefix="chat-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(stop_all)
    # What asyncio's debug mode finds slow says more about the machine than about the code.
    logging.getLogger("asyncio").addFilter(lambda record: not record.msg.startswith("Executing "))
    # The servers are no children of a terminal: who ends pytest must end them through it.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("SIGTERM", returncode=143))
    path = Path(folder.name)
    path.chmod(0o711)  # PostgreSQL runs as another user
    config.stack = STACKS[config.getoption("stack")](path)
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # pytest-xdist's controller runs no tests; each worker has a stack of its own
    variables = config.stack.start()
    collect_static(variables)
    clean = without_product_variables()
    os.environ.clear()
    os.environ.update(clean, **variables, DJANGO_SETTINGS_MODULE="chatsite.settings")

    from django.conf import settings

    settings.DATABASES  # noqa: B018 - reads the settings, so that pytest-django sets Django up


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has no sense on this stack, or was shown on the other one."""
    chosen, left_out = [], []
    for item in items:
        marker = item.get_closest_marker("stack")
        wanted = marker is None or marker.args[0] == config.stack.name
        (chosen if wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = chosen


def pytest_report_header(config: pytest.Config) -> str:
    return f"stack: {config.stack.name}"
