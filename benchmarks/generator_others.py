"""Other generators, given the hard schemas in the JSON Schema dialect that they document."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mockserver.openapi.schemas import ResponseSchemas, Schema, compile_schema, standalone
from tests.generator.hard import COMPONENTS, HARD

TIMES = 100
SECONDS = 30
HOW = f"""Each generator was given the hard schemas in the dialect that it documents (2020-12:
exclusive bounds as numbers, components under `$defs`), with `nullable` and closed objects already
expressed in them. It made {TIMES} values of each schema with its default settings, which were
validated as above, closed. A missing value counts as invalid, and so do all values of a schema that
took longer than {SECONDS} seconds.

The hard schemas were written for this generator, which was fixed until it handled them all. The
results of the others therefore show how hard these schemas are. On ordinary schemas more of their
values are valid."""

_JSF = """
import json, sys
sys.path.insert(0, sys.argv[1])
from jsf import JSF
schema, values = json.load(open(sys.argv[2])), []
for _ in range(int(sys.argv[3])):
    try:
        values.append([json.loads(json.dumps(JSF(schema).generate()))])
    except Exception:
        values.append([])
print(json.dumps(values))
"""
_JS = """
import { readFileSync } from "node:fs";
const { generate } = await import(process.argv[1]);
const values = [];
for (let seed = 1; seed <= Number(process.argv[3]); seed++) {
  try {
    values.push([await generate(JSON.parse(readFileSync(process.argv[2], "utf8")), { seed })]);
  } catch {
    values.push([]);
  }
}
console.log(JSON.stringify(values));
"""

Run = Callable[[Path], list[list[Any]]]


def valid_shares(folder: Path) -> dict[str, str]:
    """Return the share of valid values of each generator, by its name and version."""
    package = folder / "js/node_modules/json-schema-faker"
    script = [
        "node",
        "--input-type=module",
        "-e",
        _JS,
        (package / "dist/index.js").resolve().as_uri(),
    ]
    installed = distributions(path=[str(folder / "jsf")])
    jsf = next(distribution for distribution in installed if distribution.name == "jsf")
    version = json.loads((package / "package.json").read_text())["version"]
    return {
        f"json-schema-faker {version}": _share(script),
        f"jsf {jsf.version}": _share([sys.executable, "-c", _JSF, str(folder / "jsf")]),
    }


def _share(command: list[str]) -> str:
    valid = whole = 0
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "schema.json"
        for schema in HARD.values():
            path.write_text(
                json.dumps(_modern(standalone(schema, ResponseSchemas(COMPONENTS)))),
                encoding="utf-8",
            )
            judge = compile_schema(schema, COMPONENTS, closed=True)
            right = sum(
                judge.is_valid(value[0])
                for value in _values([*command, str(path), str(TIMES)])
                if value
            )
            valid, whole = valid + right, whole + (right == TIMES)
    return f"{valid / (TIMES * len(HARD)):.1%} | {whole} of {len(HARD)}"


def _values(command: list[str]) -> list[list[Any]]:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return []
    found: list[list[Any]] = json.loads(done.stdout) if done.returncode == 0 else []
    return found


def _modern(schema: Any) -> Any:
    """Return a draft 4 schema in the 2020-12 dialect."""
    if isinstance(schema, list):
        return [_modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    modern: Schema = {}
    for key, value in schema.items():
        if key == "components":
            modern["$defs"] = {
                name.replace("+", "-"): _modern(item) for name, item in value["schemas"].items()
            }
        elif key == "$ref" and isinstance(value, str):
            modern[key] = value.replace("#/components/schemas/", "#/$defs/").replace("+", "-")
        elif key in {"properties", "patternProperties"} and isinstance(value, dict):
            modern[key] = {name: _modern(item) for name, item in value.items()}
        else:
            modern[key] = value if key == "enum" else _modern(value)
    for key in ("minimum", "maximum"):
        exclusive = f"exclusive{key.title()}"
        if isinstance(modern.get(exclusive), bool) and modern.pop(exclusive):
            modern[exclusive] = modern.pop(key)
    return modern
