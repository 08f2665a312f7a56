"""Static files while a deploy changes them under the running process."""

import hashlib
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
