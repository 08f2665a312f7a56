"""Static files: from memory, while a deploy changes them, and one by one with DEBUG=1."""

import gzip
import hashlib
import re
import shutil

import pytest

from chat.tests.support.servers import ROOT
from chat.tests.support.site import copy_build

pytestmark = pytest.mark.stack("embedded")  # what is behind the site is no matter here
EARLIER = "chat/main.0123456789ab.js"


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = copy_build(tmp_path_factory.mktemp("build"))
    shutil.copytree(ROOT / "staticfiles", folder / "staticfiles")
    return folder


@pytest.fixture
def site(make_site, build):
    return make_site(cwd=build)


def names(site) -> list[str]:
    """The scripts and styles of the page."""
    page = site.request("/").body.decode()
    return re.findall(r'<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)"', page)


def test_the_page_is_one_style_one_script_and_what_watches_over_it(site):
    style, watchdog, script = names(site)
    assert re.fullmatch(r"/static/chat/chat\.[0-9a-f]{12}\.css", style)
    assert watchdog == "/static/chat/watchdog.js"
    assert re.fullmatch(r"/static/chat/main\.[0-9a-f]{12}\.js", script)
    body = site.request(script).body.decode()
    assert not re.search(r"^import\b|\bfrom\"\.", body), "it needs a file besides"
    map_name = re.search(r"^//# sourceMappingURL=(.+)$", body, re.M)[1]
    answer = site.request(f"/static/chat/{map_name}")
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    for source in answer_sources(answer):
        assert site.request(f"/static/chat/{source}").status == 200


def answer_sources(answer) -> list[str]:
    sources = answer.json()["sources"]
    assert len(sources) > 30
    return sources


def test_a_hashed_file_is_answered_whole_compressed_unchanged_in_part_or_by_its_head(site):
    script = names(site)[-1]
    whole = site.request(script)
    assert (whole.status, len(whole.body)) == (200, int(whole.headers["content-length"]))
    assert "immutable" in whole.headers["cache-control"]
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["referrer-policy"] == "same-origin"
    assert whole.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in whole.headers["permissions-policy"]
    zipped = site.request(script, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == whole.body
    head = site.request(script, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    part = site.request(script, headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.body)}"
    assert site.request(script, headers={"Range": "bytes=9999999-"}).status == 416
    assert site.request(script, headers={"Range": "lines=1-2"}).body == whole.body
    known = site.request(script, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status, known.body) == (304, b"")
    assert site.request(script, method="POST").status == 405


def test_a_build_that_is_taken_from_the_disk_is_served_to_the_end(site, build):
    before = {path: site.request(path).body for path in names(site)}
    (build / "staticfiles" / "chat").rename(build / "gone")
    try:
        assert {path: site.request(path).body for path in before} == before
        assert site.request("/static/chat/page.js").status == 404
    finally:
        (build / "gone").rename(build / "staticfiles" / "chat")


def test_with_debug_the_modules_come_one_by_one_as_they_are_edited(make_site, build):
    site = make_site(cwd=build, DEBUG="1")
    assert names(site) == [
        "/static/chat/chat.css",
        "/static/chat/watchdog.js",
        "/static/chat/main.js",
    ]
    module = build / "static" / "chat" / "page.js"
    for text in (module.read_text(), "export const edited = true;"):
        module.write_text(text)
        answer = site.request("/static/chat/page.js")
        assert (answer.status, answer.body.decode()) == (200, text)
        assert answer.headers["cache-control"].startswith("max-age=0")
    assert site.request("/static/admin/css/base.css").status == 200


def test_a_hashed_file_that_came_after_the_start_is_served_for_good(site, build):
    file = build / "staticfiles" / EARLIER
    assert site.request(f"/static/{EARLIER}").status == 404
    file.write_text("export {};")
    answer = site.request(f"/static/{EARLIER}")
    assert (answer.status, answer.body) == (200, b"export {};")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    file.unlink()
    assert site.request(f"/static/{EARLIER}").status == 404


def test_nothing_outside_of_the_collected_files_is_served(site, build):
    (build / "secret.0123456789ab.js").write_text("secret")
    link = build / "staticfiles" / "link.0123456789ab.js"
    link.unlink(missing_ok=True)
    link.symlink_to(build / "secret.0123456789ab.js")
    (build / "staticfiles" / "folder.0123456789ab.js").mkdir(exist_ok=True)
    for path in (
        "/static/../secret.0123456789ab.js",
        "/static/%2e%2e/secret.0123456789ab.js",
        "/static/..%2fsecret.0123456789ab.js",
        "/static/chat/../../secret.0123456789ab.js",
        "/static//secret.0123456789ab.js",
        "/static/secret%00.0123456789ab.js",
        "/static/link.0123456789ab.js",
        "/static/folder.0123456789ab.js",
        "/static/staticfiles.json",
        "/secret.0123456789ab.js",
    ):
        assert site.request(path).status in {400, 404}, path


def test_a_file_without_a_hash_is_served_as_it_is_now(site, build):
    file = build / "staticfiles" / "chat" / "watchdog.js"
    before = site.request("/static/chat/watchdog.js")
    assert "immutable" not in before.headers["cache-control"]
    file.write_text(file.read_text() + "// longer by a line")
    for suffix in (".br", ".gz", ".zstd"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    after = site.request("/static/chat/watchdog.js")
    assert after.body == before.body + b"// longer by a line"
    assert hashlib.md5(after.body).digest() == hashlib.md5(file.read_bytes()).digest()
