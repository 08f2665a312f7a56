"""A deploy: every process is told to stop, and another one takes its place."""

import signal
import time

import pytest

pytestmark = pytest.mark.stack("scaled")
GRACE = 10  # seconds until a host kills what it has told to stop


def test_a_deploy_is_a_reconnect_and_every_process_says_bye_and_is_gone_in_ten_seconds(
    make_site, gather, fault, length
):
    site = make_site(processes=length(short=2, full=4))
    crowd = gather(site)
    with fault("SIGTERM of each process in turn (a deploy)", "reconnects", crowd):
        for server in site.processes:
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(GRACE)
            print(f"gone in {time.monotonic() - begun:.1f} s")
            server.kill()
            server.start()
            crowd.gets_on(1)
    assert {bye["code"] for bye in crowd.byes} == {"restart"}
    assert len(crowd.byes) >= len(crowd.everybody), "somebody was cut without a word"
    pauses = [bye["retry_after"] for bye in crowd.byes]
    assert len(set(pauses)) > 1, "everybody would come back in the same moment"
