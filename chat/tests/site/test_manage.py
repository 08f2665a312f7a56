"""bin/manage: the service's variables, exactly as systemd reads them, and nobody else's."""

import ctypes
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.tests.support.servers import ROOT
from chat.tests.support.site import copy_build
from chatsite.envfile import Reader

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough

SECRETS = ["pa$$w0rd", "a!b", "two words", 'quo"te', "it's", "back\\slash", "`date`", "#no;comment"]


def systemds_reading(text: str, file: Path) -> dict[str, str]:
    """What the very function says that systemd calls for EnvironmentFile=."""
    file.write_bytes(text.encode())
    (library,) = Path("/usr/lib").glob("*-linux-gnu*/systemd/libsystemd-shared-*.so")
    systemd = ctypes.CDLL(str(library))
    found = ctypes.POINTER(ctypes.c_char_p)()
    assert systemd.load_env_file(None, str(file).encode(), ctypes.byref(found)) >= 0
    lines = []
    for number in range(10_000) if found else ():
        if found[number] is None:
            break
        lines.append(found[number].decode())
    named = (line.partition("=") for line in lines)
    # The service drops what is no name, when it starts.
    return {name: value for name, _, value in named if re.fullmatch(r"[A-Za-z_]\w*", name, re.A)}


@pytest.fixture(scope="module")
def file(pytestconfig):
    return pytestconfig.stack.folder / "read.env"


@given(
    st.lists(st.sampled_from([*"AB=='\"\\\\ \t\n\n#;$`!é-", "\r", "NAME=", "export X=1"])).map(
        "".join
    )
)
@example('A= one two  \nB=\'a\' "b"c "d"\n;x\\\nC="\\$x\\y"\nD=a\\\nb \\\n\nE=\'unended\n')
def test_a_file_is_read_as_systemd_reads_it(file, text):
    assert Reader().feed(text) == systemds_reading(text, file)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_comes_out_as_it_was_quoted(secret):
    escaped = re.sub(r'(["\\`$])', r"\\\1", secret)
    assert Reader().feed(f'SECRET_KEY="{escaped}"\n') == {"SECRET_KEY": secret}
    if not re.search(r"['\"\\#;]", secret):
        assert Reader().feed(f"SECRET_KEY={secret}\n") == {"SECRET_KEY": secret}


# --- the command ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def code(tmp_path_factory) -> Path:
    return copy_build(tmp_path_factory.mktemp("code"))


@pytest.fixture
def manage(code):
    """Factory: `manage("migrate", CHAT_ENV=…)`: the command, called from somewhere else."""

    def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess:
        user = pwd.getpwuid(os.geteuid()).pw_name
        return subprocess.run(
            [code / "bin/manage", *arguments],
            cwd="/",
            env={"PATH": os.environ["PATH"], "CHAT_USER": user, **env},
            capture_output=True,
            text=True,
        )

    return manage


def test_a_command_is_on_the_services_database_and_on_no_other(manage, tmp_path):
    data, env = tmp_path / "data", tmp_path / "chat.env"
    env.write_text(f"CHAT_DATA='{data}'\nSECRET_KEY=\"a \\$b!\"\n")
    done = manage("migrate", CHAT_ENV=str(env), CHAT_DATA="/nowhere", DATABASE_URL="postgres://x/y")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == f"Simple chat's database: SQLite {data}/chat.sqlite3"
    assert sorted(os.listdir(data)) == ["chat.sqlite3"]
    code = "from django.conf import settings; print(repr(settings.SECRET_KEY))"
    asked = manage("shell", "--verbosity", "0", "-c", code, CHAT_ENV=str(env))
    assert asked.stdout.strip() == repr("a $b!")


@pytest.mark.parametrize("variable", ["CHAT_DATA='{}'", "DATABASE_URL=sqlite:///{}/chat.sqlite3"])
def test_a_path_is_from_the_code_wherever_one_is(manage, code, tmp_path, variable):
    """systemd starts the service there; the command is called from anywhere."""
    env = tmp_path / "chat.env"
    env.write_text(
        f"CHAT_DATA={tmp_path}\n" + variable.format(os.path.relpath(tmp_path, code)) + "\n"
    )
    done = manage("migrate", CHAT_ENV=str(env))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "chat.sqlite3").exists()


def test_the_database_is_named_without_its_password(manage, tmp_path):
    env = tmp_path / "chat.env"
    env.write_text(f"CHAT_DATA={tmp_path}\nDATABASE_URL=postgres://ada:hush@db.example:5433/room\n")
    code = "from chat.log.database import which; print(which())"
    done = manage("shell", "--verbosity", "0", "-c", code, CHAT_ENV=str(env))
    assert done.stdout == "PostgreSQL room at db.example:5433\n"


def test_without_the_services_variables_nothing_is_run(manage, tmp_path):
    done = manage("migrate", CHAT_ENV=str(tmp_path / "missing.env"))
    assert done.returncode != 0
    assert done.stderr == (
        f"bin/manage: there is no {tmp_path}/missing.env. The service's variables are in another "
        "file? CHAT_ENV=FILE\n"
    )
    env = tmp_path / "chat.env"
    env.write_text("")
    done = manage("migrate", CHAT_ENV=str(env), CHAT_USER="nobody-of-that-name")
    if os.geteuid() == 0:
        assert "there is no user nobody-of-that-name" in done.stderr
        assert done.returncode != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_becomes_the_services_user_and_others_are_told_to_use_sudo(file):
    """By the reader alone, from where anybody may read: the code here may be root's own."""
    env = file.with_name("roots.env")
    reader = Path(shutil.copy(ROOT / "chatsite/envfile.py", file.parent))
    reader.chmod(0o644)
    try:
        env.write_text("GREETING='good day'\n")
        env.chmod(0o600)
        python, inner = "/usr/bin/python3", "import os; print(os.getuid(), os.environ['GREETING'])"
        nobody = pwd.getpwnam("nobody").pw_uid
        call = [python, "-I", reader, env, "nobody", python, "-c", inner]
        done = subprocess.run(call, capture_output=True, text=True)
        assert done.stdout == f"{nobody} good day\n", done.stderr
        done = subprocess.run(call, capture_output=True, text=True, user="nobody")
        assert done.returncode != 0
        assert "sudo bin/manage" in done.stderr
    finally:
        reader.unlink()
