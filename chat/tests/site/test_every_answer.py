"""Whatever is asked for, and whatever comes of it, the browser is told to be careful."""

import http.client

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = pytest.mark.stack("embedded")  # the other stack has nothing to add

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
PAGES = {"x-frame-options": "DENY"}
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)
OTHERS = ["nowhere", "api/nowhere", "admin/nowhere/"]


def addresses() -> list[str]:
    """One of each kind that the site knows, and some that it doesn't."""
    found = ["", *OTHERS]

    def walk(patterns, prefix: str) -> None:
        for one in patterns:
            path = prefix + str(one.pattern).replace("^", "").replace("$", "").replace("\\Z", "")
            if isinstance(one, URLResolver):
                walk(one.url_patterns, path)
            elif isinstance(one, URLPattern) and "<" not in path and "(" not in path:
                found.append(path)

    walk(get_resolver().url_patterns, "")
    return sorted(set(found))


def test_every_address_says_what_a_browser_must_know(site):
    paths = addresses()
    assert {"", "api/messages", "admin/login/", "robots.txt"} <= set(paths)
    for path in paths:
        for method in ("GET", "POST"):
            answer = site.request("/" + path, method=method, data=b"" if method == "POST" else None)
            where = (method, path, answer.status)
            assert answer.status < 500, where
            assert ALWAYS.items() <= answer.headers.items(), where
            assert PAGES.items() <= answer.headers.items(), where
            policy = answer.headers["content-security-policy"]
            assert all(rule in policy for rule in POLICY), where
            assert "unsafe" not in policy, where


def test_only_the_admin_knows_of_sessions_and_its_forms_have_a_token(site):
    assert "csrfmiddlewaretoken" in site.request("/admin/login/").body.decode()
    assert site.request("/admin/login/", data=b"username=x&password=y").status == 403
    assert "csrf" not in site.request("/").headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/api/messages", "/robots.txt", "/nowhere"])
def test_where_https_is_wanted_everything_is_sent_there(make_site, path):
    secure = make_site(CHAT_HTTPS="1", CHAT_TRUSTED_HOPS="1")
    behind = {"X-Forwarded-Proto": "https"}
    answer = secure.request(path, headers=behind)
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    link = http.client.HTTPConnection("127.0.0.1", secure.processes[0].port)
    link.request("GET", path)
    redirect = link.getresponse()
    assert (redirect.status, redirect.headers["Location"][:8]) == (301, "https://")
