"""What our server costs as it grows: with its clients, the rate, reactions, the size of its log.

    python -m bench.growth clients|rate|reactions|log [--stack embedded|scaled] [--sizes N…]

Prints tables in Markdown, and EXPLAIN of the queries for `log`.
"""

import argparse
import http.cookiejar
import json
import re
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from websockets.sync.client import connect

from bench import machine
from bench.contestants import Lab, Running
from bench.report import table
from bench.trial import Trial
from chat.tests.support.servers import manage, stop_all

SIZES = {
    "clients": (100, 1000, 5000, 10_000),
    "rate": (1, 5, 20, 100, 500, 1000, 2000, 4000),
    "reactions": (0, 20, 100),
    "log": (0, 10_000, 100_000, 1_000_000),
}
COLUMNS = (
    ("deliveries/s", "per_second", "{:,.0f}"),
    ("µs CPU a delivery", "us", "{:.2f}"),
    ("ms CPU a message", "ms_per_message", "{:.2f}"),
    ("p50 ms", "p50_ms", "{:.1f}"),
    ("p99 ms", "p99_ms", "{:.1f}"),
    ("max ms", "max_ms", "{:.1f}"),
    ("missing", "missing", "{:,}"),
    ("unstored", "unstored", "{:,}"),
    ("load", "busy", "{:.0%}"),
    ("others", "others", "{:.0%}"),
)
REPEATS = 30  # of each thing that is timed
MEMBERS = 1000  # who said what is in a filled log
# Both databases know these words.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size})
INSERT INTO chat_message (seq, rev, author, name, text, nonce, at, hidden_by)
SELECT i, i, 'member-' || (i % {members}), 'Member ' || (i % {members}),
       'What somebody said once, no. ' || i || '.', 'nonce-' || i, '2026-01-01 12:00:00+00', ''
FROM n
"""
EXPLAIN = """
from chat.log import read
from chat.models import Message
for name, rows in {{
    "latest": read.visible().order_by("-seq")[:50],
    "before": read.visible().filter(seq__lt={middle}).order_by("-seq")[:51],
    "after": Message.objects.filter(rev__gt={middle}, rev__lte={size}).order_by("rev")[:500],
    "retries": Message.objects.filter(nonce__in=["nonce-1", "nonce-2"], author__in=["member-1"]),
    "admin": Message.objects.order_by("-seq")[:100],
    "by one": Message.objects.filter(author="member-1").order_by("-seq")[:100],
}}.items():
    print(f"{{name}}:", rows.explain().replace("\\n", "; "))
"""


def clients(lab: Lab, stack: str, sizes: Iterable[int]) -> list[list[str]]:
    """One message a second, to more and more clients."""
    heads = ["clients", "joins/s", "KB each", *(head for head, _, _ in COLUMNS)]
    rows = [heads]
    for size in sizes:
        trial = Trial(lab.ours(stack, 1 / size), "ours", size)
        joined = trial.join()
        figures = trial.say(1, 20, 10)
        trial.close()
        first = [f"{joined['joins_per_second']:,.0f}", f"{joined['kb_per_connection']:.1f}"]
        rows.append([f"{joined['joined']:,}", *first, *_cells(figures)])
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def rate(lab: Lab, stack: str, sizes: Iterable[int]) -> list[list[str]]:
    """More and more messages a second, to 1,000 clients."""
    rows = [["messages/s", *(head for head, _, _ in COLUMNS)]]
    for size in sizes:
        trial = Trial(lab.ours(stack, size / 1000), "ours", 1000)
        trial.join()
        rows.append([f"{size:,}", *_cells(trial.say(size, 10, 10))])
        trial.close()
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def reactions(lab: Lab, stack: str, sizes: Iterable[int]) -> list[list[str]]:
    """5 messages a second to 1,000 clients, who also react more and more to one of them. Only
    messages are counted as delivered; the CPU is for all."""
    rows = [["reactions/s", *(head for head, _, _ in COLUMNS)]]
    for size in sizes:
        trial = Trial(lab.ours(stack, 5 / 1000, prepare=filled(1)), "ours", 1000)
        trial.join()
        rows.append([f"{size:,}", *_cells(trial.say(5, 10, 10, reactions=size))])
        trial.close()
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def _cells(figures: dict) -> list[str]:
    return [shown.format(figures.get(key, 0)) for _, key, shown in COLUMNS]


def log(lab: Lab, stack: str, sizes: Sequence[int]) -> list[list[str]]:
    """What one person waits for, the more messages are stored. Medians in ms."""
    rows = [["messages stored", "join", "post", "history", "admin's list"]]
    for size in sizes:
        running = lab.ours(stack, REPEATS, prepare=filled(size))
        manage(
            *("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com"),
            env={**running.env, "DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        )
        rows.append([f"{size:,}", *(f"{value:.1f}" for value in waits(running, size))])
        print(*rows[-1], sep=" | ", flush=True)
        if size == sizes[-1]:
            explained = EXPLAIN.format(middle=size // 2, size=size)
            print(manage("shell", "--verbosity", "0", "-c", explained, env=running.env))
        running.stop()
    return rows


PASSWORD = "only for measuring"


def filled(size: int) -> list[str]:
    """The statements that put so many messages into an empty log, and let the planner know."""
    if not size:
        return []
    fill = FILL.format(size=size, members=MEMBERS)
    return [fill, f"UPDATE chat_log SET seq = {size}", "ANALYZE"]


def waits(running: Running, size: int) -> list[float]:
    """Of a join, a post, a page of history from the middle, and the admin's list: ms."""
    address = f"127.0.0.1:{running.servers[0].port}"
    browser = _logged_in(f"http://{address}/admin/")
    with _visit(address) as socket:
        _join(socket, "Ada")
        answers = (
            lambda number: _come_and_go(address, f"Guest {number}"),
            lambda number: _post(socket, number),
            lambda number: browser(f"http://{address}/api/messages?before={size // 2}&limit=50"),
            lambda number: browser(f"http://{address}/admin/chat/message/"),
        )
        return [_median_ms(answer) for answer in answers]


def _median_ms(action: Callable[[int], object]) -> float:
    taken = []
    for number in range(REPEATS):
        begun = time.perf_counter()
        action(number)
        taken.append(time.perf_counter() - begun)
    return 1000 * statistics.median(taken)


def _visit(address: str):
    return connect(f"ws://{address}/ws/chat/", compression=None, max_size=None)


def _join(socket, name: str) -> None:
    socket.send(json.dumps({"type": "join", "name": name}))
    _await(socket, "messages")


def _come_and_go(address: str, name: str) -> None:
    with _visit(address) as socket:
        _join(socket, name)


def _post(socket, number: int) -> None:
    text = f"Message {number} of those that are timed"
    socket.send(json.dumps({"type": "post", "nonce": f"timed-{number:04}", "text": text}))
    _await(socket, "accepted")


def _await(socket, kind: str) -> None:
    while json.loads(socket.recv(30))["type"] != kind:
        pass


def _logged_in(url: str) -> Callable[[str], bytes]:
    """A browser that has logged in to the admin: it gets a URL."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(jar)
    form = opener.open(f"{url}login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
    fields = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": url}
    opener.open(f"{url}login/", urllib.parse.urlencode(fields).encode())
    return lambda address: opener.open(address).read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("against", choices=list(SIZES))
    parser.add_argument("--stack", choices=["embedded", "scaled"], default="embedded")
    parser.add_argument("--sizes", type=int, nargs="+")
    options = parser.parse_args()
    machine.raise_open_files()
    against = {"clients": clients, "rate": rate, "reactions": reactions, "log": log}[
        options.against
    ]
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            lab = Lab(Path(folder))
            print(table(against(lab, options.stack, options.sizes or SIZES[options.against])))
        finally:
            stop_all()


if __name__ == "__main__":
    main()
