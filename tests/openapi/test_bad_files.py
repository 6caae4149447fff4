"""Files that cannot be used end the mock with one line, the file, the line and exit code 2."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.openapi.contract import Contract
from tests.bad_files import BAD_FILES, BAD_REFERENCES, GOOD_REFERENCES

CONTENTS = {name: content for name, (content, _, _) in BAD_FILES.items()} | BAD_REFERENCES
SECONDS = 120
"""The longest wait for a process that reads all bad files, on a busy machine."""
_PROGRAM = """
import contextlib, io, json, sys
from pathlib import Path
from mockserver import cli, packaged

outcomes = []
for kind, target, source, *flags in json.load(sys.stdin):
    Path(target).write_bytes(Path(source).read_bytes())
    if kind == "overlay":
        packaged.billing_control_spec = lambda: Path(target)
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main(["--port", "0", *flags])
    outcomes.append([code, errors.getvalue()])
json.dump(outcomes, sys.stdout)
"""


@dataclass
class Kind:
    """One kind of file, at its place below a folder."""

    place: str
    flags: Callable[[Path], list[str]]


def _with_fixtures(folder: Path) -> list[str]:
    return ["--fixtures", str(folder / "fixtures")]


KINDS = {
    "contract": Kind("openapi.yaml", lambda folder: ["--spec", str(folder / "openapi.yaml")]),
    "JSON contract": Kind("openapi.json", lambda folder: ["--spec", str(folder / "openapi.json")]),
    "catalogue": Kind("fixtures/catalogue.yaml", _with_fixtures),
    "persona": Kind("fixtures/personas/default.yaml", _with_fixtures),
    "fault set": Kind("fixtures/faults/flaky.yaml", _with_fixtures),
    "overlay": Kind("control.yaml", lambda folder: ["--spec", str(folder / "copy.yaml")]),
}
CASES = [
    (kind, name)
    for kind in KINDS
    for name in CONTENTS
    if name in BAD_FILES or kind in ("contract", "JSON contract", "overlay")
]
Outcomes = dict[str, tuple[Path, int, str]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcomes]:
    """Return the path, the exit code and the errors of each bad file of a kind, in one process."""

    @cache
    def read(kind: str) -> Outcomes:
        folder = tmp_path_factory.mktemp("bad")
        shutil.copytree(packaged.fixtures(), folder / "fixtures")
        # With another contract than the packaged one, the control API is built at the start.
        shutil.copy(packaged.spec(), folder / "copy.yaml")
        names = [name for known, name in CASES if known == kind]
        target = folder / KINDS[kind].place
        tasks = []
        for index, name in enumerate(names):
            source = folder / f"source-{index}"
            source.write_bytes(CONTENTS[name])
            tasks.append([kind, str(target), str(source), *KINDS[kind].flags(folder)])
        process = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps(tasks).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        shutil.rmtree(folder)
        assert process.returncode == 0, process.stderr.decode()[-1_000:]
        return {
            name: (target, code, errors)
            for name, (code, errors) in zip(names, json.loads(process.stdout), strict=True)
        }

    return read


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_bad_file_is_one_line_with_exit_code_2(
    outcomes: Callable[[str], Outcomes], kind: str, name: str
) -> None:
    """The line has the file, the line in it, and the reason."""
    path, code, errors = outcomes(kind)[name]
    assert code == 2
    assert errors.count("\n") == 1, errors
    assert errors.startswith(f"mockserver: {path}:"), errors
    assert len(errors) < 400
    line, _, problem = errors.removeprefix(f"mockserver: {path}:").partition(": ")
    assert line.isdigit(), errors
    if name in BAD_FILES and path.suffix != ".json":
        assert int(line) == BAD_FILES[name][1], errors
        assert BAD_FILES[name][2] in problem


@pytest.mark.parametrize("name", GOOD_REFERENCES)
def test_schemas_may_contain_themselves(tmp_path: Path, name: str) -> None:
    """Their validators are compiled and accept what they describe."""
    path = tmp_path / "openapi.json"
    path.write_bytes(GOOD_REFERENCES[name])
    contract = Contract.load(path)
    validator = contract.validator({"$ref": "#/components/schemas/A"}, closed=True)
    assert validator.is_valid({})
    assert not validator.is_valid(7)


def test_a_reference_is_bounded_in_depth(tmp_path: Path) -> None:
    """A thousand schemas that contain each other in turn would exhaust the stack of validators."""
    schemas = {
        f"A{index}": {"properties": {"x": {"$ref": f"#/components/schemas/A{index + 1}"}}}
        for index in range(1_000)
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A1000": {"type": "string"}, **dict(reversed(schemas.items()))}},
    }
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    with pytest.raises(Exception, match="more than 500 levels deep"):
        Contract.load(path)
