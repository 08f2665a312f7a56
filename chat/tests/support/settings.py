"""The settings under other variables, and Django's checks of them, inside pytest's process: to
start another costs a second each time."""

import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.core.checks import CheckMessage, run_checks
from django.db.utils import ConnectionHandler
from django.test import override_settings

from chat.ops import checks
from chat.tests.support.servers import ROOT, without_product_variables


@contextmanager
def variables(**env: str) -> Iterator[None]:
    """As if they were a command's only ones of the product."""
    clean = without_product_variables() | env
    with (
        mock.patch.dict(os.environ, clean, clear=True),
        mock.patch.object(sys, "argv", ["manage.py", "check"]),
    ):
        yield


def settings_of(**env: str) -> dict[str, Any]:
    """What chatsite/settings.py makes of these variables; raises what it raises."""
    with variables(**env):
        made = runpy.run_path(str(ROOT / "chatsite/settings.py"))
    return {name: value for name, value in made.items() if name.isupper()}


def check(*, deploy: bool = False, **env: str) -> list[CheckMessage]:
    """What `manage.py check` (with `--deploy`) has to say."""
    made = settings_of(**env)
    del made["INSTALLED_APPS"]  # the same whatever the variables are, and slow to put in again
    database = ConnectionHandler(made.pop("DATABASES"))["default"]  # not connected
    with (
        variables(**env),
        mock.patch.object(checks, "connection", database),
        override_settings(**made),
    ):
        found = run_checks(include_deployment_checks=deploy)
        return [message for message in found if not message.is_silenced()]
