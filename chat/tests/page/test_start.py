"""A start that fails: what is optional may be missing, whatever else is wrong is said."""

import re

import pytest
from playwright.sync_api import Page, expect

from chat.tests.page.test_page import is_connected, joins, name_box, says

once = pytest.mark.stack("embedded")  # the other stack has nothing to add
LOST = "This page could not start."
SCRIPT = r"/main\.[0-9a-f]{12}\.js"
BLOCKED_COOKIES = """
  const refuse = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { get: refuse });
  }
  window.BroadcastChannel = class { constructor() { refuse(); } };
"""
MISSING = {
    "cookies are blocked": BLOCKED_COOKIES,
    "no BroadcastChannel": "delete window.BroadcastChannel",
    "no crypto": "Object.defineProperty(window, 'crypto', { value: undefined })",
    "no getRandomValues": "Object.defineProperty(window, 'crypto', { value: {} })",
    "no Intl.Segmenter": "delete Intl.Segmenter",
    "no Intl": "delete window.Intl",
    "no ResizeObserver": "delete window.ResizeObserver",
    "no popover": "delete HTMLElement.prototype.togglePopover",
    "no field-sizing": "CSS.supports = () => false",
}
NO_WEB_SOCKET = {
    "missing": "delete window.WebSocket",
    "forbidden": "window.WebSocket = class { constructor() { throw new Error() } }",
}


def has_not_started(page: Page) -> None:
    expect(page.get_by_text(LOST)).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
    expect(page.get_by_text("Connecting…")).to_be_hidden()


@pytest.fixture
def open_broken(browser, site):
    """Factory: a page with a script before its own, or with requests that are lost."""
    made = []

    def open_broken(
        script: str = "", *, lost: str = "", answer=lambda route: route.abort(), **size
    ):
        context = browser.new_context(**size)
        made.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.add_init_script(script)
        if lost:
            page.route(re.compile(lost), answer)
        page.goto(site.url, wait_until="commit")
        return page

    yield open_broken
    for context in made:
        context.close()


@once
@pytest.mark.parametrize("script", MISSING.values(), ids=MISSING.keys())
def test_what_is_optional_may_be_missing(open_broken, script):
    page = open_broken(script)
    is_connected(page)
    joins(page, f"Lacking {list(MISSING.values()).index(script)}")
    says(page, f"I lack {script}"[:60])
    expect(page.locator(".mine").last).to_contain_text("I lack")
    assert not page.problems


@once
@pytest.mark.parametrize("script", NO_WEB_SOCKET.values(), ids=NO_WEB_SOCKET.keys())
def test_where_there_is_no_web_socket_it_works_over_http(open_broken, script):
    page = open_broken(script)
    expect(page.get_by_text("Connected without WebSockets")).to_be_visible()
    joins(page, f"Socketless {abs(hash(script)) % 1000}")
    says(page, "over plain HTTP")
    expect(page.locator(".mine").last).to_contain_text("over plain HTTP")
    assert not page.problems


@once
@pytest.mark.parametrize(
    "how",
    [{}, {"answer": lambda route: route.fulfill(status=200, content_type="text/javascript")}],
    ids=["lost", "empty"],
)
def test_a_page_that_lost_its_script_says_so_and_loads_itself_again(open_broken, how):
    page = open_broken(lost=SCRIPT, **how)
    has_not_started(page)
    page.unroute(re.compile(SCRIPT))
    is_connected(page)
    expect(page.get_by_text(LOST)).to_be_hidden()
    expect(name_box(page)).to_be_visible()


@once
def test_a_lost_style_sheet_is_a_start_that_failed_too(open_broken):
    page = open_broken(lost=r"/chat\.[0-9a-f]{12}\.css")
    expect(page.get_by_text("It tries again by itself").first).to_be_attached()
    page.unroute(re.compile(r"/chat\.[0-9a-f]{12}\.css"))
    expect(page.locator("body")).to_have_css("display", "grid")  # it may be loaded again meanwhile
    is_connected(page)


@once
def test_a_start_that_throws_and_a_state_that_is_broken_are_told(open_broken, site):
    page = open_broken(
        "Element.prototype.append = () => { throw new Error('no') }; delete window.Map"
    )
    has_not_started(page)

    page = open_broken(lost=re.escape(site.url) + "/$", answer=_break_state)
    has_not_started(page)


def _break_state(route) -> None:
    html = route.fetch().text()
    route.fulfill(
        body=html.replace('type="application/json">', 'type="application/json">{'),
        content_type="text/html",
    )


@once
@pytest.mark.parametrize("storage", ["", BLOCKED_COOKIES], ids=["allowed", "forbidden"])
def test_a_page_that_never_gets_its_module_does_not_reload_for_ever(open_broken, storage):
    quick = (
        "const later = window.setTimeout;"
        "window.setTimeout = (f, ms, ...a) => later(f, ms > 500 ? ms / 500 : ms, ...a);"
    )
    page = open_broken(storage + quick, lost=SCRIPT)
    loads = []
    page.on("request", lambda request: request.is_navigation_request() and loads.append(request))
    expect(page.get_by_text(LOST, exact=True)).to_be_visible(timeout=20_000)
    page.wait_for_timeout(2_000)
    assert 3 < len(loads) <= 8
    expect(page.get_by_text(LOST, exact=True)).to_be_visible()
    page.unroute(re.compile(SCRIPT))
    page.get_by_role("link", name="Try again").click()
    is_connected(page)


@once
def test_where_no_script_comes_at_all_the_page_says_so_by_itself(open_broken, shot):
    sizes, colors = {"phone": (360, 740), "wide": (1280, 900)}, ("light", "dark")
    pages = {  # all at once: they wait for eight seconds
        f"{size}-{color}": open_broken(
            lost=r"\.m?js$",
            viewport={"width": width, "height": height},
            color_scheme=color,
        )
        for size, (width, height) in sizes.items()
        for color in colors
    }
    for name, page in pages.items():
        expect(page.get_by_role("link", name="Try again")).to_be_visible(timeout=10_000)
        expect(page.get_by_text("Connecting…")).to_be_hidden()
        shot(page, f"no-script-{name}")
        page.unroute(re.compile(r"\.m?js$"))
        page.get_by_role("link", name="Try again").click()
        is_connected(page)


@once
def test_where_scripts_hang_the_page_says_so_too(open_broken):
    page = open_broken(lost=r"\.m?js$", answer=lambda route: None)
    expect(page.get_by_text("This page takes long to start.")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


@once
def test_what_is_typed_is_not_reloaded_away(open_broken):
    # It fails after the form is there: in the last lines of main.js.
    page = open_broken(
        "const quick = window.setTimeout;"
        "window.setTimeout = (f, ms) => quick(f, ms > 9000 ? 300 : ms);"
        "const listen = window.addEventListener;"
        "window.addEventListener = (type, ...rest) => {"
        "  if (type === 'storage') throw new Error('no');"
        "  listen.call(window, type, ...rest); }"
    )
    name_box(page).fill("Half a na")
    page.wait_for_timeout(3_000)
    expect(name_box(page)).to_have_value("Half a na")
    with page.expect_navigation(timeout=10_000):
        name_box(page).fill("")
