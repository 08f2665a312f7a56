"""The fixtures: sites, people and browsers."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from chat.tests.support import people, servers
from chat.tests.support.site import Site

SCREENSHOTS = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Long enough for a machine that does something else for some seconds; it costs nothing when all
# is well.
expect.set_options(timeout=15_000)


# --- Django inside pytest's process --------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, pytestconfig):
    """SQLite's test database is a file: one in memory is not the same to several threads."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(pytestconfig.stack.folder / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_keepdb():
    """Drop nothing: the whole stack goes, and threads may still hold connections."""
    return True


@pytest.fixture(scope="module")
def flushed(django_db_setup, django_db_blocker):
    """For modules that really commit: each such test is flushed, and the next module needs the
    rows that must be there."""
    yield
    from django.db import connection

    from chat.log import upkeep

    with django_db_blocker.unblock():
        upkeep.mend()
        connection.close()


# --- A relay inside pytest's process, on what is played ------------------------------------------
@pytest.fixture
def layer(monkeypatch):
    """The channel layer."""
    from chat.relay import group
    from chat.tests.support.played import Layer

    made = Layer()
    monkeypatch.setattr(group, "get_channel_layer", lambda: made)
    return made


@pytest.fixture
def log():
    """The database."""
    from chat.tests.support.played import Log

    return Log()


@pytest.fixture
def threads():
    """All that were made."""
    return []


@pytest.fixture
async def make_relay(log, layer, threads, monkeypatch, settings):
    """Factory: `make_relay()`, to be called in the test's event loop; without limits."""
    from chat.relay import relay
    from chat.relay.following import tail
    from chat.tests.support.played import Threads

    def make_threads(*args, **kwargs) -> Threads:
        threads.append(Threads(log))
        return threads[-1]

    monkeypatch.setattr(relay, "Threads", make_threads)
    monkeypatch.setattr(tail, "PAUSE", (0.002, 0.002))
    settings.CHAT_LIMITS = False
    made: list[relay.Relay] = []

    def make_relay() -> relay.Relay:
        made.append(relay.Relay())
        return made[-1]

    yield make_relay
    monkeypatch.setattr(relay, "STOP", 0.01)  # a test may have left something that hangs
    for one in made:
        await one.stop()


# --- Sites ---------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def stack(pytestconfig):
    """What sites stand on. Django here stands on it, too: who breaks it, breaks one of its own."""
    return pytestconfig.stack


@pytest.fixture
def make_site(stack):
    """Factory: `make_site(CHAT_POST_RATE="2/10 seconds")`, or None to take a variable away.

    In lower case: `processes`, and for a `Daphne` its `program` and `options`.
    """
    yield from _sites(stack)


@pytest.fixture(scope="module")
def site(stack):
    """One site that the tests of a module share."""
    for make in _sites(stack):
        yield make()


def _sites(stack):
    made: list[Site] = []

    def make_site(**options) -> Site:
        env = {name: value for name, value in options.items() if name.isupper()}
        rest = {name: value for name, value in options.items() if not name.isupper()}
        made.append(Site(stack, env, **rest))
        return made[-1]

    yield make_site
    for site in made:
        site.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the servers said last."""
    report = yield
    if report.failed:
        report.sections += [(str(server), server.tail()) for server in servers.running]
    return report


# --- People --------------------------------------------------------------------------------------
@pytest.fixture
def connect():
    """Factory: `connect(site, process=0, cookie=…, token=…, headers=…)`: a socket, no join yet."""
    yield from _people(people.Person)


@pytest.fixture
def join():
    """Factory: `join(site, "Ada", process=0, cookie=…, since=…)`: somebody in the room."""
    yield from _people(people.join)


def _people(arrive):
    present: list[people.Person] = []

    def arrives(*args, **kwargs) -> people.Person:
        present.append(arrive(*args, **kwargs))
        return present[-1]

    yield arrives
    for person in present:
        person.drops()


# --- Browsers ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser():
    """A real Chromium. For one module only: Playwright keeps an event loop in this thread."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "no Chromium here: `make test` installs one"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=[
                *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
                *("--disable-background-networking", "--disable-component-update"),
                # A name that is not this machine's own: plain http there is no secure context.
                "--host-resolver-rules=MAP chat.lan 127.0.0.1",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, request):
    """Factory: `open_page("/", width=390, height=844, touch=True)`: another person's browser.

    The page has a list `problems` of what its console complained about. The test fails if it
    is not empty at the end: a test that expects some clears it.
    """
    pages: list[Page] = []

    def open_page(
        path: str = "/",
        *,
        site_url: str | None = None,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        touch: bool = False,
        **context,
    ) -> Page:
        page = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
            **context,
        ).new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda line: _notice(page, line))
        pages.append(page)
        page.goto((site_url or request.getfixturevalue("site").url) + path)
        return page

    yield open_page
    problems = [problem for page in pages for problem in page.problems]
    for page in pages:
        page.context.close()
    assert not problems, problems


def _notice(page: Page, line) -> None:
    if line.type in {"error", "warning"}:
        page.problems.append(f"{line.type}: {line.text}")


@pytest.fixture
def shot():
    """`shot(page, "name")`: a picture for somebody to look at, in chat/tests/screenshots/."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return lambda page, name: page.screenshot(path=SCREENSHOTS / f"{name}.png")
