"""A server comes back, and everybody is there at once, to resume where they were.

    python -m bench.reconnects [--clients 1000] [--stack embedded|scaled] [--runs 3]

Each is a member by cookie. While they were away some messages were posted, which they catch up.
Prints joins a second, and what they cost the server.
"""

import argparse
import json
import secrets
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import machine
from bench.contestants import Lab
from bench.trial import Trial
from chat.tests.support.servers import stop_all

MISSED = 20  # messages


def storm(lab: Lab, stack: str, clients: int) -> dict:
    """One storm: the answer of `Trial.join`."""
    running = lab.ours(stack, MISSED)
    url = f"http://127.0.0.1:{running.servers[0].port}"
    with ThreadPoolExecutor(8) as pool:
        cookies = list(pool.map(lambda _: cookie(url), range(clients)))
    trial = Trial(running, "ours", clients)
    try:
        trial.join(cookies=cookies)
        trial.say(10, 5, 5)
        trial.leave()
        for _ in range(MISSED):
            post(url, cookies[0])
        return trial.join(at_once=clients, cookies=cookies)
    finally:
        trial.close()


def cookie(url: str) -> str:
    """A new person's, as the page gives it."""
    with urllib.request.urlopen(url) as page:
        return page.headers["Set-Cookie"].partition(";")[0]


def post(url: str, member: str) -> None:
    body = json.dumps({"nonce": secrets.token_hex(8), "text": "While you were away"}).encode()
    headers = {"Cookie": member, "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/api/messages", body, headers)).close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--stack", choices=["embedded", "scaled"], default="embedded")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    machine.raise_open_files()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            lab = Lab(Path(folder))
            for _ in range(options.runs):
                answer = storm(lab, options.stack, options.clients)
                print(
                    f"{answer['joined']:,} of {options.clients:,} resumed, "
                    f"{answer['joins_per_second']:,.0f} a second, {answer['us_per_join']:,.0f} µs "
                    f"of CPU each, {answer['gaps']} gaps, load {answer['busy']:.0%}",
                    flush=True,
                )
        finally:
            stop_all()


if __name__ == "__main__":
    main()
