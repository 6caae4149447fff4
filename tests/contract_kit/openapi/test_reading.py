"""The kit reads documents by itself: the same files as the mock, and the same refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from contract_tests.openapi.contract import Contract
from contract_tests.openapi.reading import lines_of, read_document, resolve
from contract_tests.overlay import learning
from mockserver import packaged
from mockserver.openapi import yaml_file
from tests.bad_files import BAD_FILES, BAD_REFERENCES, GOOD_REFERENCES

CONTENTS = {name: content for name, (content, _, _) in BAD_FILES.items()} | BAD_REFERENCES
SECONDS = 120
"""The longest wait for the process, on a busy machine."""
_PROGRAM = """
import contextlib, io, json, sys
from contract_tests import cli

outcomes = []
for path in json.load(sys.stdin):
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main(["run", "http://127.0.0.1:9", "--spec", path])
    outcomes.append([code, errors.getvalue()])
json.dump(outcomes, sys.stdout)
"""
Outcomes = dict[str, tuple[Path, int, str]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcomes]:
    """Return the path, the exit code and the errors of each bad file of a kind, in one process."""

    @cache
    def read(suffix: str) -> Outcomes:
        folder = tmp_path_factory.mktemp("bad")
        paths = []
        for index, content in enumerate(CONTENTS.values()):
            path = folder / f"{index}{suffix}"
            path.write_bytes(content)
            paths.append(path)
        process = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps([*map(str, paths)]).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        for path in paths:
            path.unlink()
        assert process.returncode == 0, process.stderr.decode()[-1_000:]
        return {
            name: (path, code, errors)
            for name, path, (code, errors) in zip(
                CONTENTS, paths, json.loads(process.stdout), strict=True
            )
        }

    return read


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("name", CONTENTS)
def test_a_bad_document_is_one_line_with_exit_code_2(
    outcomes: Callable[[str], Outcomes], suffix: str, name: str
) -> None:
    """The line has the file, the line in it, and the reason."""
    path, code, errors = outcomes(suffix)[name]
    assert code == 2
    assert errors.count("\n") == 1, errors
    assert errors.startswith(f"contract-tests: {path}:"), errors
    assert len(errors) < 400
    line, _, _ = errors.removeprefix(f"contract-tests: {path}:").partition(": ")
    assert line.isdigit(), errors
    if name in BAD_FILES and suffix == ".yaml" and name != "unclosed JSON":
        assert int(line) == BAD_FILES[name][1], errors


@pytest.mark.parametrize("name", GOOD_REFERENCES)
def test_schemas_may_contain_themselves(tmp_path: Path, name: str) -> None:
    """Such documents are read."""
    path = tmp_path / "openapi.json"
    path.write_bytes(GOOD_REFERENCES[name])
    assert list(Contract.load(path).operations) == ["get_a"]


SCALARS = [
    *("NO", "on", "yes", "null", "~", "Null", "nULL", "true", "TRUE", "False", "0o17", "017"),
    *("0x1F", "1_000", "1:30", "2026-03-01", "1.5", "1e3", ".5", "1.", ".", "+", "-12", "=", "''"),
    *('"12"', "!!str 12", "! 12", "2026-03-01T12:00:00Z", "0b11", "1.2.3"),
]


@pytest.mark.parametrize("text", SCALARS)
def test_kit_and_mock_read_a_scalar_alike(tmp_path: Path, text: str) -> None:
    """Both follow the core schema of YAML 1.2, each with a reader of its own."""
    path = tmp_path / "document.yaml"
    path.write_text(f"value: {text}\n{text if text != '.' else 'dot'}: 1\n")
    ours, theirs = read_document(path), yaml_file.load(path)
    assert ours == theirs
    assert type(ours["value"]) is type(theirs["value"])


@pytest.mark.parametrize("as_json", [False, True])
def test_kit_and_mock_read_the_contract_alike(tmp_path: Path, as_json: bool) -> None:
    """As YAML and as JSON, with the same lines."""
    path = packaged.spec()
    if as_json:
        document = yaml_file.load(path)
        path = tmp_path / "openapi.json"
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    assert read_document(path) == yaml_file.load(path)
    line_of = lines_of(path)
    for name in ("Balance", "Invoice", "Card"):
        pointer = ["components", "schemas", name]
        assert line_of("#/" + "/".join(pointer)) == yaml_file.line_of(path, pointer)


def test_json_with_escapes_that_yaml_lacks_is_read(tmp_path: Path) -> None:
    """A surrogate pair is valid JSON; its lines are not known."""
    path = tmp_path / "document.json"
    path.write_text('{\n"a": "\\ud83d\\ude00"}')
    assert read_document(path) == {"a": "\U0001f600"}
    assert lines_of(path)("#/a") == 1


@pytest.mark.parametrize("text", ["1e3", "0o17", "NO", "on", "12", "null", ".inf", "plain", "~"])
def test_learnt_texts_are_read_back_as_texts(tmp_path: Path, text: str) -> None:
    """A text that looks like another value is written in quotes."""
    path = tmp_path / "overlay.yaml"
    path.write_text(learning._text({"value": text}))
    assert read_document(path) == {"value": text}


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9" * 5_000])
def test_numbers_beyond_json_are_refused(text: str) -> None:
    """Reports are JSON, and have no infinity."""
    with pytest.raises(ValueError, match="is not a number of JSON"):
        resolve(text)


def test_an_alias_is_the_value_of_its_anchor(tmp_path: Path) -> None:
    """Objects, lists and texts can have anchors."""
    path = tmp_path / "document.yaml"
    path.write_text("a: &a {b: [1, &c two]}\nd: *a\ne: [*c]\n")
    value: dict[str, Any] = {"b": [1, "two"]}
    assert read_document(path) == {"a": value, "d": value, "e": ["two"]}
