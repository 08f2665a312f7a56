"""What `make bench` makes of its figures. The measuring itself is tried by running it."""

import os
from collections import Counter
from xml.etree import ElementTree

import pytest

from bench import chart, door_report, kept, machine, report
from bench.contestants import limits
from bench.trial import quantiles

JOINED = {"joined": 1000, "joins_per_second": 800.0, "us_per_join": 900.0, "joins_busy": 0.4}


def figures(name: str, us: float, **others) -> dict:
    speed = {"per_second": 5000.0, "us": us, "helper_us": 0.0, "ms_per_message": us}
    counts = {"sent": 50, "deliveries": 50_000, "missing": 0, "gaps": 0, "accepted": 0}
    late = {"p50_ms": 8.0, "p99_ms": 20.0, "max_ms": 31.0, "busy": 0.1, "others": 0.02}
    told = {"name": name, "clients": 1000, "rate": 5, "run": 1, "kb_per_connection": 25.0}
    return {**told, **JOINED, **speed, **counts, **late, **others}


@pytest.fixture
def merged() -> list[dict]:
    ours = [figures("Simple chat, SQLite", us, accepted=50, unstored=0) for us in (30, 10, 20)]
    saturated = figures("A <peer>", 50, busy=0.97, missing=25_000, deliveries=75_000)
    refused = {"name": "Another", "clients": 1000, "why": "it takes 100 clients by default"}
    return report.medians([*ours, saturated, refused])


def test_runs_are_reported_by_their_median(merged):
    assert merged[0]["us"] == 20
    assert merged[0]["all_accepted"] == 150


def test_the_table_says_ratios_and_what_is_missing_and_who_was_saturated(merged):
    about = {"date": "2026-01-02", "machine": ["a machine"], "versions": ["ws 8"]}
    text = report.markdown(merged, about, grace=5)
    ours, peer, refused = (
        next(line for line in text.splitlines() if line.startswith(f"| {entry['name']} "))
        for entry in merged
    )
    assert "| 20.0 | 1.00 |" in ours
    assert "| 50.0 | 2.50 |" in peer
    assert peer.endswith("| 25.0% | **97%** | 2% |")
    assert "it takes 100 clients by default" in refused
    assert "accepted 150 messages; its databases lack 0 of them" in text


def test_the_chart_is_a_picture(merged):
    picture = ElementTree.fromstring(chart.draw(merged))
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "A <peer>" in texts
    assert "20.0" in texts


def test_a_chart_of_other_loads_is_empty():
    assert ElementTree.fromstring(chart.draw([])) is not None


def test_latencies_are_told_in_milliseconds():
    late = Counter({10: 98, 500: 1, 12_345: 1})
    assert quantiles(late) == {"p50_ms": 1.0, "p99_ms": 50.0, "max_ms": 1234.5}


def test_what_a_process_takes_is_read_from_the_system():
    me = machine.family(os.getpid())
    assert os.getpid() in me
    assert machine.cpu_seconds([os.getpid()]) > 0
    assert machine.memory_kb([os.getpid()]) > 1000


def test_our_limits_are_at_work_by_default_or_out_of_reach_and_never_off():
    assert "CHAT_POST_RATE" not in limits(each=1)
    assert all(limits(each=10).values())
    assert "CHAT_POST_RATE" in limits(each=10)


def visits(name: str, run: int, cold: float, **others) -> dict:
    told = {"cold_ms": cold, "cold_requests": 3.0, "cold_kb": 9.0}
    back = {"returning_ms": cold / 2, "returning_requests": 2.0, "returning_kb": 1.0}
    pages = {"arrivals_page_p50_ms": 5.0, "arrivals_page_p99_ms": 9.0}
    return {"name": name, "run": run, **told, **back, **pages, **others}


def test_a_visitor_is_compared_within_each_run():
    refused = {"why": "it takes 1,000 clients by default"}
    room = {"before_p99_ms": 20.0, "during_p99_ms": 90.0, "others": 0.0, "strangers_refused": 0}
    room |= {"strangers_came": 1000, "strangers_joined": 1000, "strangers_until": 10.5}
    room |= {"strangers_page_p99_ms": 80.0}
    found = [
        visits(name, run, cold * noise, **others)
        for run, noise in ((1, 1), (2, 3), (3, 1))
        for name, cold, others in ((door_report.BASE, 4, refused), ("Ours", 6, room))
    ]
    rows = [line for line in door_report.section(found).splitlines() if line.startswith("| Ours")]
    assert rows[0].startswith("| Ours | 6.0 | 1.5 | 3 | 9.0 | 3.0 |")
    assert "| 20 | 90 | 1,000 of 1,000 | 10.5 | 80 | 0 |" in rows[1]
    assert refused["why"] in door_report.section(found)


def test_what_the_door_was_outlives_another_comparison(tmp_path):
    file = tmp_path / "RESULTS.md"
    assert kept.kept(file) == []
    file.write_text("# Measured\n\n## Versions\n\nws 8\n")
    for number in (1, 2):
        kept.keep(file, f"## The door (one run)\n\nno. {number}\n")
    assert kept.kept(file) == ["## The door (one run)\n\nno. 2\n"]
    assert file.read_text().endswith("no. 2\n\n## Versions\n\nws 8\n")
