"""``mockserver contract export``: its files, messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from mockserver import cli, packaged
from mockserver.contract import export
from mockserver.openapi import parser
from tests.outside.tools import node_tool, run

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "spec" / "dist"
EDITIONS = {
    "openapi-3.1.yaml": ["--openapi", "3.1"],
    "openapi-clients.yaml": ["--edition", "clients"],
}
SMALL = """\
openapi: 3.0.3
info: {title: Small, version: "1"}
paths: {/x: {get: {operationId: get_x, x-y: 1, responses: {"200": {description: It.}}}}}
"""

each_edition = pytest.mark.parametrize("name", EDITIONS)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A document of three lines."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def exported(*words: str | Path) -> int:
    """Run the command and return its exit code."""
    return cli.main(["contract", "export", *map(str, words)])


@each_edition
def test_editions_of_the_contract_are_fresh(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of the contract, run ``make generate-docs``."""
    monkeypatch.chdir(ROOT)
    assert exported(*EDITIONS[name], "-o", f"spec/dist/{name}", "--check") == 0


@each_edition
def test_editions_of_the_contract_are_made_by_make(name: str) -> None:
    """``make generate-docs`` writes them, and ``make check`` compares and validates them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = f"$(EXPORT) {' '.join(EDITIONS[name])} -o spec/dist/{name}"
    assert makefile.count(f"\t{command}\n") == makefile.count(f"\t{command} --check\n") == 1
    assert f"spec/dist/{name}" in makefile.partition("EDITIONS := ")[2].splitlines()[0]


@each_edition
def test_editions_are_valid_and_the_same_in_yaml_1_1_and_1_2(name: str) -> None:
    """The first of three validators accepts them; other programs read no text as a number."""
    text = (DIST / name).read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    validate(document)
    assert document == parser.parse(text.encode())


@each_edition
def test_the_mock_can_serve_an_edition(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The mock finds nothing wrong with its own editions."""
    assert cli.main(["check", str(DIST / name)]) == 0
    assert ", 0 warnings." in capsys.readouterr().out


@pytest.mark.slow
@each_edition
def test_two_more_validators_accept_an_edition(name: str, tmp_path: Path) -> None:
    """Redocly and a validator of Seriousme find no error."""
    redocly: list[str | Path] = [node_tool("redocly"), "lint", "--extends=recommended", DIST / name]
    run(redocly, cwd=tmp_path, within=60, REDOCLY_TELEMETRY="off")
    run([node_tool("validate-api"), DIST / name], cwd=tmp_path, within=60)


def test_a_file_is_written_and_then_up_to_date(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line names the command that made a YAML file."""
    out = tmp_path / "new" / "edition.yaml"
    assert exported("--spec", small, "--edition", "clients", "-o", out) == 0
    assert capsys.readouterr().out == f"wrote {out}\n"
    first, rest = out.read_text(encoding="utf-8").split("\n", 1)
    made_by = f"mockserver contract export --spec small.yaml --edition clients -o {out}"
    assert first == f"# Generated from small.yaml by '{made_by}'. Do not edit."
    assert "x-y" not in rest
    assert exported("--spec", small, "--edition", "clients", "-o", out, "--check") == 0


def test_what_is_left_out_beside_a_reference_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the line, at most 20 times, and the edition is written."""
    spec = tmp_path / "siblings.yaml"
    named = "".join(
        f"    T{at}:\n      $ref: '#/components/schemas/T'\n      nullable: true\n"
        for at in range(22)
    )
    spec.write_text(f"{SMALL}components:\n  schemas:\n    T: {{type: string}}\n{named}")
    assert exported("--spec", spec, "--openapi", "3.1") == 0
    first, *others, last = capsys.readouterr().err.splitlines()
    assert first == (
        f"warning: {spec}:9: #/components/schemas/T0/nullable: "
        "has no effect beside a reference in OpenAPI 3.0; it is left out"
    )
    assert (len(others), last) == (19, f"warning: {spec}: 2 more")
    assert exported("--spec", spec) == 0
    assert capsys.readouterr().err == ""


def test_json_is_written_by_the_name_of_the_file(small: Path, tmp_path: Path) -> None:
    """A file that ends in .json is JSON."""
    out = tmp_path / "edition.json"
    assert exported("--spec", small, "--openapi", "3.1", "-o", out) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["openapi"] == "3.1.0"


def test_without_a_file_the_edition_is_printed(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole document is the edition by default."""
    assert exported("--spec", small) == 0
    assert yaml.safe_load(capsys.readouterr().out) == yaml.safe_load(SMALL)


def test_a_stale_file_is_reported_with_its_difference(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--check`` prints the difference and writes nothing."""
    out = tmp_path / "edition.yaml"
    out.write_text("old: true\n")
    assert exported("--spec", small, "-o", out, "--check") == 1
    output = capsys.readouterr()
    assert "-old: true" in output.out
    assert "+openapi: " in output.out
    assert output.err.startswith(f"mockserver: {out} is out of date. Run 'mockserver contract ")
    assert out.read_text() == "old: true\n"


@pytest.mark.parametrize(
    ("content", "words", "complaint"),
    [
        (SMALL, ["--check"], "--check: needs -o FILE, the file to compare with"),
        ("swagger: '2.0'", [], "small.yaml:1: is OpenAPI 2.0; 3.0 and 3.1 can be exported"),
        (
            SMALL.replace("3.0.3", "3.1.0"),
            ["--openapi", "3.0"],
            "small.yaml:1: is OpenAPI 3.1, which cannot be exported as 3.0",
        ),
        (
            SMALL.replace("{description: It.}", "{$ref: 'other.yaml#/x'}"),
            [],
            "small.yaml:1: refers to other files; bundle them into one first",
        ),
        (
            SMALL.replace("get_x", "[1]"),
            [],
            "small.yaml: is not valid OpenAPI 3.0: #/paths//x/get/operationId: ",
        ),
        ("a: [", [], "small.yaml:"),
    ],
)
def test_a_document_that_cannot_be_exported_is_one_line(
    tmp_path: Path,
    content: str,
    words: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line names the file and the reason, and the exit code is 2."""
    file = tmp_path / "small.yaml"
    file.write_text(content, encoding="utf-8")
    assert exported("--spec", file, *words) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mockserver: ")
    assert complaint in output.err
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["publish"], "argument COMMAND: invalid choice: 'publish'"),
        (["export", "--openapi", "4"], "argument --openapi: invalid choice: '4'"),
        (["export", "--edition", "press"], "argument --edition: invalid choice: 'press'"),
        (["export", "--spec", "https://a.example"], "argument --spec: must be the name of a file"),
    ],
)
def test_a_wrong_flag_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says where help is, and the exit code is 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["contract", *words])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.endswith("--help'.\n")
    assert error.count("\n") == 1


def test_help_explains_editions(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has every edition and version, and the exit codes."""
    with pytest.raises(SystemExit):
        cli.main(["contract", "export", "--help"])
    shown = capsys.readouterr().out
    assert all(word in shown for word in (*export.EDITIONS, *export.VERSIONS, "exit codes: 0"))


def test_the_contract_is_the_default(tmp_path: Path) -> None:
    """Without --spec the packaged contract is exported, with nothing of it lost."""
    out = tmp_path / "whole.json"
    assert exported("-o", out) == 0
    whole = yaml.load(packaged.spec().read_bytes(), Loader=yaml.CSafeLoader)
    assert json.loads(out.read_text(encoding="utf-8")) == whole
