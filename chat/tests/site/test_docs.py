"""What the docs say is so."""

import json
import os
import re
import subprocess
import sys

from chat.protocol import bounds, errors, incoming, outgoing
from chat.tests.support import eventually
from chat.tests.support.servers import ROOT

PROTOCOL = (ROOT / "docs/PROTOCOL.md").read_text()
README = (ROOT / "README.md").read_text()
PROVIDED_BY_OTHERS = {"DYNO", "DJANGO_SETTINGS_MODULE"}


def variables() -> set[str]:
    """The environment variables that the settings read."""
    source = (ROOT / "chatsite/settings.py").read_text()
    names = "env\\.str flag whole words rate budget origins database redis_url secret".split()
    reader = rf"environment\.(?:{'|'.join(names)})\("
    return set(re.findall(reader + r'\s*"([A-Z_]+)"', source)) - PROVIDED_BY_OTHERS


def test_every_environment_variable_is_in_the_readme_and_the_example_and_no_other():
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    example = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert len(variables()) >= 14
    assert table == example == variables()


def test_every_default_is_as_the_readme_says():
    from django.conf import settings

    from chatsite import environment

    documented = dict(re.findall(r"^\| `(CHAT_[A-Z_]+)` \| `?([^|`]*)`? \|", README, re.MULTILINE))
    for name in ("CHAT_SOCKETS", "CHAT_SOCKETS_PER_ADDRESS", "CHAT_NAME_DAYS", "CHAT_TRUSTED_HOPS"):
        assert int(documented[name].replace(",", "")) == getattr(settings, name), name
    import limits

    for name in (name for name in documented if name.endswith(("_RATE", "POSTS_PER_ADDRESS"))):
        assert limits.parse(documented[name]) == getattr(settings, name), name
    for name in (name for name in documented if name.endswith(("_PACE", "BYTES_PER_ADDRESS"))):
        assert environment.budget("", documented[name]) == getattr(settings, name), name


def test_every_frame_and_code_is_in_the_protocol():
    documented = set(re.findall(r'^\| `\{"type":"(\w+)"', PROTOCOL, re.MULTILINE))
    builders = {"hello", "messages", "accepted", "rejected", "error", "presence", "you", "room"}
    builders |= {"tick", "bye", "typing"}
    assert all(callable(getattr(outgoing, name)) for name in builders)
    assert documented == builders | set(incoming.PARSERS)
    for code in [*errors.EXPLANATIONS, *bounds.CLOSE_CODES]:
        assert re.search(rf"\b{code}\b", PROTOCOL), code
    for number in bounds.CLOSE_CODES.values():
        assert str(number) in PROTOCOL


def test_the_client_in_the_protocol_has_30_lines_and_talks_and_resumes(site, join, tmp_path):
    (client,) = re.findall(r"```python\n(.*?)```", PROTOCOL, re.DOTALL)
    assert len([line for line in client.splitlines() if line.strip()]) <= 31
    file = tmp_path / "client.py"
    file.write_text(client)
    ada, output = join(site, "Ada", cookie=site.cookie()), tmp_path / "output"
    ada.says("before")
    with output.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, file, site.urls[-1] + "/", "Client"],
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    try:
        eventually(lambda: "Ada before" in output.read_text())
        process.stdin.write(b"from the client\n")
        process.stdin.flush()
        assert ada.hears("from the client")["name"] == "Client"
        site.stop(len(site.urls) - 1)
        site.start(len(site.urls) - 1)
        if len(site.urls) == 1:
            ada.resumes()
        ada.says("after the restart")
        eventually(lambda: "Ada after the restart" in output.read_text(), deadline=40)
        assert output.read_text().count("Ada before") == 1
        process.stdin.write(b"still here\n")
        process.stdin.flush()
        assert ada.hears("still here")["name"] == "Client"
    finally:
        process.kill()
        process.wait()


def test_the_curl_lines_of_the_protocol_work(make_site, join, tmp_path):
    site = make_site()
    (script,) = re.findall(r"```sh\n(url=.*?)```", PROTOCOL, re.DOTALL)
    ada = join(site, "Ada")
    ada.says("so that nobody has to wait")
    done = subprocess.run(
        ["bash", "-euc", script.replace("http://localhost:8000", site.url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in re.split(r"(?<=\})(?=\{\")", done.stdout)]
    assert [len(answer.get("messages", [])) for answer in answers] == [1, 1, 1, 0], answers
    assert ada.hears("Hello from a script")["seq"] == answers[-1]["seq"]


def test_no_document_points_at_a_file_that_is_not_there():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
