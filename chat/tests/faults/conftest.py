"""The fixtures of the fault suite: `length`, `gather` and `fault`."""

import pytest

from chat.tests.faults.crowd import Crowd
from chat.tests.faults.fault import Faults


@pytest.fixture
def length(pytestconfig):
    """`length(short=4, full=20)`: how long or how many, by --length."""
    return lambda short, full: {"short": short, "full": full}[pytestconfig.getoption("length")]


@pytest.fixture
def gather():
    """Factory: `gather(site, readers=2)`: a crowd that is in the room, on all processes."""
    crowds: list[Crowd] = []

    def gather(*args, **kwargs) -> Crowd:
        crowds.append(Crowd(*args, **kwargs))
        return crowds[-1]

    yield gather
    for crowd in crowds:
        crowd.close()


@pytest.fixture
def fault(pytestconfig, request):
    """`with fault("what happens", "what a user sees", crowd) as clock:` see faults/fault.py."""
    file, line, _ = request.node.location
    return Faults((file, line), pytestconfig.stack.name, pytestconfig.getoption("record"))
