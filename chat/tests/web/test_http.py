"""The page's HTML and the API, over HTTP to a real Daphne."""

import json
import re
import urllib.request

import pytest

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add

EVIL = "<img src=x onerror=alert(1)>"


def test_the_page_has_the_latest_messages_before_any_script_runs(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    ada.says("hello from before")
    answer = site.request("/")
    assert answer.status == 200
    assert "hello from before" in answer.body.decode()
    assert answer.headers["cache-control"] == "private, no-cache"


def test_html_in_names_and_messages_is_escaped_on_the_page(make_site, join):
    site = make_site()
    join(site, EVIL).says(EVIL + "</script><script>alert(1)</script>")
    page = site.request("/").body.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_policy_forbids_foreign_and_inline_code(site):
    policy = site.request("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/api/messages", 200),
        ("/static/chat/icon.svg", 200),
        ("/admin/login/", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/nothing", 404),
        ("/static/nothing.js", 404),
    ],
)
def test_no_other_site_gets_an_answer_into_its_page_and_nothing_asks_for_a_camera(
    site, path, status
):
    answer = site.request(path)
    assert answer.status == status
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    for name in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{name}=()" in answer.headers["permissions-policy"]


def test_a_request_under_a_foreign_name_is_answered_with_these_headers_too(site):
    answer = site.request("/", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_cookie_is_the_browsers_alone_and_is_the_same_at_the_next_visit(site):
    first = site.request("/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    again = site.request("/", headers={"Cookie": cookie.partition(";")[0]})
    member = re.compile(r"member=([^:]+):")
    assert member.match(again.headers["set-cookie"])[1] == member.match(cookie)[1]


def test_a_script_can_read_who_one_is_and_nothing_that_lets_one_in(site):
    with urllib.request.urlopen(site.url) as page:
        private, public = page.headers.get_all("Set-Cookie")
    assert public.startswith(f"me={re.match('member=([^:]+):', private)[1]};")
    assert "HttpOnly" not in public
    assert "SameSite=Lax" in public


def test_static_files_are_hashed_compressed_and_kept_for_good(site):
    page = site.request("/").body.decode()
    script = re.search(r'src="(/static/chat/main\.[0-9a-f]+\.js)"', page)[1]
    answer = site.request(script, headers={"Accept-Encoding": "br"})
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "br"


def test_older_messages_come_by_seq_and_say_whether_there_are_more(make_site, join):
    site = make_site()
    ada = join(site, "Ada")
    for number in range(5):
        ada.says(str(number))
    got = site.request("/api/messages?before=5&limit=2").json()
    assert [message["text"] for message in got["messages"]] == ["2", "3"]
    assert (got["from"], got["to"], got["more"], got["seq"]) == (3, 4, True, 5)
    got = site.request("/api/messages?before=3").json()
    assert [message["text"] for message in got["messages"]] == ["0", "1"]
    assert got["more"] is False


def test_a_wrong_number_is_called_so(site):
    for query in ("before=x", "before=-1", "before=1&limit=y", f"before={2**53}"):
        answer = site.request(f"/api/messages?{query}")
        assert answer.status == 400
        assert answer.json()["code"] == "bad_field"


def test_a_body_that_is_too_large_is_refused_while_it_comes_in(site):
    assert site.request("/", data=b"x" * 300_000, method="POST").status == 413


def test_a_host_that_is_not_ours_is_refused(site):
    assert site.request("/", headers={"Host": "evil.example"}).status == 400


def test_plain_json_is_unescaped(make_site, join):
    site = make_site()
    join(site, "Ada").says("ü🎉")
    assert "ü🎉" in site.request("/api/messages?before=9").body.decode()
    assert json.loads(site.request("/api/messages?before=9").body)["messages"][0]["text"] == "ü🎉"


def test_search_engines_are_told_to_keep_nothing(site):
    robots = site.request("/robots.txt")
    assert (robots.status, robots.body) == (200, b"User-agent: *\nDisallow: /\n")
    assert site.request("/").headers["x-robots-tag"] == "noindex"
