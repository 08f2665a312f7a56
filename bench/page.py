"""The page at speed: what a full and lively room costs the browser.

    .venv/bin/python -m bench.page [--minutes 1] [--people 2000] [--rate 50] [--profile]

Starts a site on SQLite, lets `people` join over real WebSockets, five of them leaving and others
coming each second, and lets ten of them post `rate` messages a second between them. Meanwhile
three readers have the page open in Chromium: one at the end of the log, one scrolled up, one in
a hidden tab. Of each it prints, in --rows lines: the nodes of the document, the heap after a
garbage collection, and since the last line the number of tasks over 50 ms, the longest of them,
and for each message the time spent on scripts, and on all (tasks) - all in ms. Below, of all three
together: the tasks that took over 50 ms of CPU, and the longest, by a trace; the others waited for
a core. At the end: what it took the hidden tab to come back, and what the first load weighs.

The hidden tab is told so by the page's own means (document.hidden, no animation frames): a
headless Chromium hides nothing. Of what the people hear nothing is parsed; each reads once in two
seconds, a few at a time: all at once they would hold up the browser. It wants four free cores:
one for the site, one for the people, two for the browser, which may draw by software.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.machine import raise_open_files
from bench.talkers import Crowd
from chat.tests.support.servers import stop_all
from chat.tests.support.site import Embedded, Site, collect_static

HIDE = """
  let hidden = true;
  Object.defineProperty(document, "hidden", { get: () => hidden });
  const waiting = new Map();
  const [request, cancel] = [requestAnimationFrame, cancelAnimationFrame];
  let last = 0;
  window.requestAnimationFrame = (f) => (hidden ? (waiting.set(--last, f), last) : request(f));
  window.cancelAnimationFrame = (id) => (id < 0 ? waiting.delete(id) : cancel(id));
  window.comeBack = () => {
    hidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
    for (const f of waiting.values()) request(f);
    return waiting.size;
  };
"""
WATCH = """
  window.longTasks = [];
  const note = (list) => longTasks.push(...list.getEntries().map((task) => task.duration));
  new PerformanceObserver(note).observe({ type: "longtask" });
"""
LONG = 50.0  # ms
TASKS = {
    "includedCategories": ["disabled-by-default-devtools.timeline"],
    "excludedCategories": ["*"],
}


class Reader:
    """One page, and what its browser knows about its performance."""

    def __init__(self, name: str, page: Page, url: str, script: str = ""):
        self.name, self._page = name, page
        page.add_init_script(WATCH + script)
        page.goto(url, timeout=90_000)
        page.get_by_role("status").get_by_text("Connected", exact=True).wait_for(timeout=90_000)
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before = self._metrics()

    def scroll(self, top: int) -> None:
        self._page.evaluate("top => document.getElementById('box').scrollTop = top", top)

    def come_back(self) -> float:
        """Return the longest task of the next seconds."""
        self._page.evaluate("longTasks.length = 0; comeBack()")
        self._page.wait_for_timeout(3000)
        return self._page.evaluate("Math.max(0, ...longTasks.splice(0))")

    def place(self) -> str:
        return self._page.evaluate(
            "[...document.querySelectorAll('#log li')].find((item) =>"
            " item.getBoundingClientRect().bottom > 100)?.querySelector('.text').textContent ?? ''"
        ).partition(":")[0]

    def _metrics(self) -> dict:
        metrics = self.cdp.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}

    def row(self, said: int) -> str:
        tasks = self._page.evaluate("longTasks.splice(0)")
        before, now = self._before, self._metrics()
        self.cdp.send("HeapProfiler.collectGarbage")
        heap = self._metrics()["JSHeapUsedSize"] / 2**20
        self._page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
        self._page.evaluate("longTasks.length = 0")  # the collection was ours
        self._before = self._metrics()
        spent = {
            name: 1000 * (now[name] - before[name]) / max(1, said)
            for name in ("ScriptDuration", "TaskDuration")
        }
        nodes = self._page.evaluate("document.querySelectorAll('*').length")
        return (
            f"{self.name:8} {nodes:6} nodes {heap:6.1f} MB  over 50 ms: {len(tasks):3}, longest"
            f" {max(tasks, default=0):4.0f}  a message: {spent['ScriptDuration']:5.2f} script,"
            f" {spent['TaskDuration']:5.2f} all  reads {self.place()}"
        )

    def profile(self, seconds: float) -> None:
        """Where the scripts spend their time, by function."""
        self.cdp.send("Profiler.enable")
        self.cdp.send("Profiler.start")
        self._page.wait_for_timeout(1000 * seconds)
        profile = self.cdp.send("Profiler.stop")["profile"]
        own: dict[str, float] = {}
        frames = {node["id"]: node["callFrame"] for node in profile["nodes"]}
        for node, ms in zip(profile["samples"], profile["timeDeltas"], strict=True):
            frame = frames[node]
            file = frame["url"].rpartition("/")[2].partition(".")[0]
            what = f"{file}:{frame['lineNumber'] + 1} {frame['functionName']}"
            own[what] = own.get(what, 0) + ms / 1000
        for what, ms in sorted(own.items(), key=lambda item: -item[1])[:22]:
            print(f"    {ms / seconds:7.1f} ms a second  {what}")


class Trace:
    """The tasks of all tabs' main threads, and how much of each was CPU."""

    def __init__(self, chromium: Browser):
        self._cdp = chromium.new_browser_cdp_session()
        self._cdp.on("Tracing.dataCollected", lambda data: self._collect(data["value"]))
        self._cdp.on("Tracing.tracingComplete", lambda _: setattr(self, "_complete", True))

    def start(self) -> None:
        self._main_threads: set[tuple[int, int]] = set()
        self._tasks: list[tuple[tuple[int, int], float]] = []
        self._complete = False
        self._cdp.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": TASKS})

    def _collect(self, events: list[dict]) -> None:
        for event in events:
            thread = event["pid"], event["tid"]
            if event["name"] == "RunTask":
                self._tasks.append((thread, event.get("tdur", 0) / 1000))
            elif event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain":
                self._main_threads.add(thread)

    def end(self, page: Page) -> str:
        """What the tabs did since `start`, in a line; `page` is one to wait with."""
        self._cdp.send("Tracing.end")
        while not self._complete:
            page.wait_for_timeout(20)
        took = [ms for thread, ms in self._tasks if thread in self._main_threads]
        long = sum(ms > LONG for ms in took)
        return f"{len(took)} tasks, over {LONG:.0f} ms of CPU: {long}, longest {max(took):.0f}"


def first_load(page: Page, url: str) -> str:
    """What a browser gets that was never here."""
    sizes: dict[str, int] = {}
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    page.goto(url, timeout=90_000)
    page.wait_for_timeout(2000)
    return f"{len(sizes)} responses, {sum(sizes.values()) / 1024:.1f} KB with their headers"


def run(site: Site, chosen: argparse.Namespace) -> None:
    crowd = Crowd(site, chosen.people, chosen.rate)
    begun = time.monotonic()
    crowd.comes()
    print(f"{chosen.people} people came in {time.monotonic() - begun:.0f} s", flush=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        trace = Trace(chromium)
        # A process and a window each, so that none waits for another.
        pages = [chromium.new_context().new_page() for _ in range(4)]
        print("first load:", first_load(pages[-1], site.url))
        pages.pop().close()
        wait = pages[0].wait_for_timeout
        readers = [
            Reader("at end", pages[0], site.url),
            Reader("up", pages[1], site.url),
            Reader("hidden", pages[2], site.url, HIDE),
        ][: chosen.readers]
        wait(2000)
        if len(readers) > 1:
            readers[1].scroll(-600)
        wait(2000)
        for reader in readers:
            reader.row(1)
        said = crowd.said
        for row in range(chosen.rows):
            trace.start()
            wait(chosen.minutes * 60_000 / chosen.rows)
            tasks = trace.end(pages[0])
            said, before = crowd.said, said
            print(
                f"{(row + 1) * chosen.minutes * 60 / chosen.rows:.0f} s, {said - before} messages"
            )
            for reader in readers:
                print(" ", reader.row(said - before))
            print(f"  all      {tasks}", flush=True)
        if len(readers) > 2:
            print(f"hidden comes back: longest task {readers[2].come_back():.0f} ms")
        if chosen.profile:
            for reader in readers:
                print(reader.name)
                reader.profile(8)
        crowd.goes()
        chromium.close()
    print(
        f"the room has {site.sql('SELECT count(*) AS n FROM chat_message')[0]['n']} messages, "
        f"{crowd.said} were said"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50, help="messages a second")
    parser.add_argument("--readers", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--profile", action="store_true", help="say which functions take how long")
    chosen = parser.parse_args()
    raise_open_files()
    with tempfile.TemporaryDirectory(prefix="chat-", ignore_cleanup_errors=True) as folder:
        try:
            stack = Embedded(Path(folder))
            collect_static(stack.start())
            run(Site(stack, {}), chosen)
        finally:
            stop_all()


if __name__ == "__main__":
    main()
