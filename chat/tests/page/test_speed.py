"""The page in a full and lively room, in counts: bench/page.py measures times."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

pytestmark = pytest.mark.stack("embedded")  # what is behind the site is no matter here

SENTENCE = "Whoever reads this reads fast, there are many of us."
# Instead of a server: a socket that says what the test wants, as fast as it wants.
FEED = """
  let seq = 0;
  window.WebSocket = class {
    readyState = 1;
    constructor() {
      window.feed = this;
      setTimeout(() => this.onopen());
    }
    send(data) {
      if (!data.includes('"join"')) return;
      const online = { count: 2000, names: [] };
      this.hears({ type: "hello", epoch: "e", seq: 0, you: null, resumed: false, online });
      this.hears({ type: "messages", from: 1, to: 0, messages: [] });
    }
    hears(frame) {
      this.onmessage({ data: JSON.stringify(frame) });
    }
    close() {}
  };
  window.talk = (count) => {
    while (count--) {
      const who = { by: `m${++seq % 7}`, name: `Somebody ${seq % 7}` };
      const what = { text: `said ${seq}`, at: "2026-11-22T12:00:00Z", nonce: `nonce-${seq}` };
      const message = { seq, rev: seq, ...who, ...what };
      feed.hears({ type: "messages", from: seq, to: seq, messages: [message] });
    }
  };
  const texts = () => document.querySelectorAll("#log .text");
  window.shown = () => Array.from(texts(), (text) => text.textContent);
  window.painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
"""
SCROLL = "document.getElementById('box').scrollTop = {}"


@pytest.fixture
def lively(browser, site):
    """A page in a room that can be made to talk: `talk(count)`."""
    page = browser.new_page()
    page.add_init_script(FEED)
    page.goto(site.url)
    page.get_by_role("status").get_by_text("Connected", exact=True).wait_for()
    yield page
    page.close()


# --- The first load ------------------------------------------------------------------------------
def test_the_first_load_is_under_70_kb_and_all_ours(site, join):
    ada = join(site, "Ada Lovelace")
    for number in range(50):
        ada.says(f"{number}: {SENTENCE}")
    html = site.request("/").body.decode()
    addresses = {urljoin(site.url, found) for found in re.findall(r'(?:src|href)="([^"]+)"', html)}
    ours = {a for a in addresses if urlsplit(a).netloc == urlsplit(site.url).netloc}
    assert {a for a in addresses - ours if "/static/" in a} == set()
    paths = ["/", *(urlsplit(address).path for address in ours)]
    accepts = {"Accept-Encoding": "gzip, br"}
    sizes = {path: len(site.request(path, headers=accepts).body) for path in paths}
    assert sum(sizes.values()) < 70 * 1024, sizes


# --- Painting ------------------------------------------------------------------------------------
def test_what_comes_between_two_frames_is_one_change_of_the_page(lively):
    before, after, changes = lively.evaluate("""async () => {
        let changes = 0;
        const list = document.getElementById("messages");
        new MutationObserver(() => changes++).observe(list, { childList: true });
        talk(100);
        const before = shown().length;
        await painted();
        return [before, shown().length, changes];
    }""")
    assert (before, after, changes) == (0, 100, 1)


def test_who_stays_is_not_touched_when_others_come(lively):
    touched = lively.evaluate("""async () => {
        talk(600);
        await painted();
        const touched = [];
        const list = document.getElementById("messages");
        const stays = [...list.children].slice(50);
        new MutationObserver((changes) => touched.push(...changes.map(({ target }) => target)))
          .observe(list, { subtree: true, childList: true, attributes: true, characterData: true });
        talk(10);
        await painted();
        return touched.filter((node) => stays.some((item) => item.contains(node))).length;
    }""")
    assert touched == 0


# --- Bounds --------------------------------------------------------------------------------------
def test_after_2000_messages_the_page_is_no_larger_than_after_600(lively):
    nodes, later, shown = lively.evaluate("""async () => {
        const nodes = [];
        for (const total of [600, 1400]) {
          for (let said = 0; said < total; said += 20) {
            talk(20);
            await painted();
          }
          nodes.push(document.querySelectorAll("*").length);
        }
        return [...nodes, shown()];
    }""")
    assert later <= nodes
    assert shown == [f"said {number}" for number in range(1801, 2001)]


def test_who_reads_above_keeps_the_place_and_finds_the_latest_at_the_end(lively):
    lively.evaluate("async () => { talk(300); await painted(); }")
    lively.evaluate(SCROLL.format(-3000))
    where = (
        "[...document.querySelectorAll('#log li')].find((i) => i.getBoundingClientRect().top > 100)"
    )
    place = f"() => {{ const i = {where}; return [i.id, i.getBoundingClientRect().top]; }}"
    before = lively.evaluate(place)
    shown = lively.evaluate("""async () => {
        for (let said = 0; said < 3000; said += 100) {
          talk(100);
          await painted();
        }
        return shown();
    }""")
    assert lively.evaluate(place) == [before[0], pytest.approx(before[1], abs=1)]
    assert shown == [f"said {number}" for number in range(101, 601)]
    lively.get_by_role("button", name="3000 new messages").click()
    lively.get_by_text("said 3300", exact=True).wait_for()
    shown = lively.evaluate("async () => { await painted(); return shown(); }")
    assert shown == [f"said {number}" for number in range(3101, 3301)]
