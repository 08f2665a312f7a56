import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const PAGE = join(import.meta.dirname, "../../../static/chat");
// What stands below imports nothing from above, nor from its neighbours on the same line.
const FLOORS = [
  ["main.js"],
  ["page.js", "deeds.js"],
  ["panels", "messages", "actions"],
  ["state"],
  ["connection"],
  ["dom"],
  ["vendor"],
];
const ALONE = "watchdog.js";

const roomOf = (module) => module.split("/")[0];
const floorOf = (module) => FLOORS.findIndex((rooms) => rooms.includes(roomOf(module)));
const modules = readdirSync(PAGE, { recursive: true }).filter((file) => /\.m?js$/.test(file));
const imports = modules.flatMap((module) =>
  [...readFileSync(join(PAGE, module), "utf8").matchAll(/^(?:import|export) .*from "(.+)";$/gm)].map(([, path]) => ({
    module,
    imported: normalize(join(dirname(module), path)),
  })),
);

test("every module has its place", () => {
  assert.deepEqual(
    modules.filter((module) => floorOf(module) < 0),
    [ALONE],
  );
});

test("imports point one way", () => {
  assert.ok(imports.length > modules.length / 2, "the imports are found");
  const wrong = imports.filter(
    ({ module, imported }) => roomOf(module) !== roomOf(imported) && floorOf(module) >= floorOf(imported),
  );
  assert.deepEqual(wrong, []);
});

test("the watchdog imports nothing: it has to work where the modules do not", () => {
  assert.doesNotMatch(readFileSync(join(PAGE, ALONE), "utf8"), /\bimport\b/);
});
