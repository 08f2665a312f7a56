"""A thousand people at once. How fast that is, `bench/` tells."""

import json
import subprocess
import sys

import pytest

from chat.tests.support.servers import ROOT


@pytest.mark.stack("embedded")  # the load takes what two processes and PostgreSQL would need
def test_a_thousand_people_hear_every_message_once_and_in_order(make_site):
    site = make_site()
    command = [sys.executable, "-m", "bench.crowd", site.ws_urls[-1]]
    command += ["--clients", "1000", "--rate", "5", "--seconds", "4"]
    command += ["--pid", str(site.processes[-1].pid)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    result = json.loads(done.stdout)
    assert result["accepted"] == result["messages"] == 20
    assert result["deliveries"] == 20_000
    assert result["lost"] == result["gaps"] == 0
    assert len(site.messages()) == 20
