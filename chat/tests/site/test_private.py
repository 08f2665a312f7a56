"""What is kept on the disk is for nobody else on the machine, whatever the umask was."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chat.tests.support.servers import ROOT, without_product_variables

pytestmark = pytest.mark.stack("embedded")  # PostgreSQL keeps its files itself

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    found = [folder, *folder.iterdir()]
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in found}


def manage(data: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**without_product_variables(), "CHAT_DATA": str(data), **env},
        capture_output=True,
        text=True,
    )


def test_everything_that_a_running_site_keeps_is_its_users_alone(make_site, join):
    site = make_site(SECRET_KEY=None)
    join(site, "Ada").says("so that there is a -wal")
    found = modes(Path(site.env["CHAT_DATA"]))
    folder = Path(site.env["CHAT_DATA"]).name
    assert found.pop(folder) == 0o700
    ours = {"chat.sqlite3", "chat.sqlite3-wal", "chat.sqlite3-shm", "secret"}
    assert {found[name] for name in ours} == {0o600}


def test_the_start_closes_what_was_open_to_others(make_site, join):
    """As an earlier version has left it, and the service's first start with another umask."""
    site = make_site(SECRET_KEY=None)
    join(site, "Ada").says("so that there is a -wal")
    site.processes[0].kill()
    data = Path(site.env["CHAT_DATA"])
    data.chmod(0o755)
    for file in data.iterdir():
        file.chmod(0o644)
    site.start()
    join(site, "Bob").says("and again")
    found = modes(data)
    assert found[data.name] == 0o700
    assert {mode for name, mode in found.items() if name.startswith(("chat.", "secret"))} == {0o600}


@pytest.mark.parametrize("command", ["migrate", "makemigrations --check", "showmigrations"])
def test_whichever_command_makes_the_database_makes_it_its_users_alone(tmp_path, command):
    assert manage(tmp_path / "data", *command.split()).returncode == 0
    assert set(modes(tmp_path / "data").values()) == {0o700, 0o600}


def test_a_database_elsewhere_is_closed_too(tmp_path):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    done = manage(tmp_path / "data", "migrate", DATABASE_URL=f"sqlite:///{elsewhere}")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600


def test_a_folder_for_all_stays_one(tmp_path):
    tmp_path.chmod(0o1777)
    assert manage(tmp_path, "migrate").returncode == 0
    found = modes(tmp_path)
    assert found.pop(tmp_path.name) == 0o1777
    assert set(found.values()) == {0o600}


@root_only
@pytest.mark.parametrize("anothers", [".", "chat.sqlite3"])
def test_nothing_is_made_beside_another_users_data(tmp_path, anothers):
    data = tmp_path / "data"
    assert manage(data, "migrate").returncode == 0
    (data / "secret").unlink()
    os.chown(data / anothers, 65534, -1)
    done = manage(data, "migrate")
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert f"{data / anothers} belongs to nobody, and this is root: run it as nobody" in last
    assert f"sudo chown -R root {data}" in last
    assert os.listdir(data) == ["chat.sqlite3"]


def test_collecting_static_files_has_no_need_of_data_and_leaves_them_readable(tmp_path):
    data = tmp_path / "data"
    code = (
        "import sys; sys.argv = ['manage.py', 'collectstatic', '--noinput'];"
        "from django.conf import settings; import runpy;"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'chatsite.settings';"
        f"settings.STATIC_ROOT = {str(tmp_path / 'static')!r};"
        # Not the admin's: to compress them takes seconds.
        "finders = 'django.contrib.staticfiles.finders.FileSystemFinder';"
        "settings.STATICFILES_FINDERS = [finders];"
        "runpy.run_path('manage.py', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **without_product_variables(),
            "CHAT_DATA": str(data),
            "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not data.exists()
    made = list((tmp_path / "static").rglob("*"))
    assert made
    assert all(path.stat().st_mode & stat.S_IROTH for path in made)
