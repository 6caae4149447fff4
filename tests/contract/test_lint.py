"""``mockserver contract lint``: each rule finds what breaks it, with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import cli, packaged
from mockserver.contract.lint import lint
from mockserver.contract.lint_rules import RULES
from mockserver.openapi.contract import Contract
from tests.contract.documents import Json, body, document, having, operation, parameter, response
from tests.guides.markdown import guide

NAMES = [rule.name for rule in RULES]
TEXT = {"type": "string", "description": "A text."}


def with_schemas(**schemas: Json) -> Json:
    """Return a document with component schemas."""
    return document(operation(), components={"schemas": schemas})


def paths(*names: str) -> Json:
    """Return a document with some paths."""
    return document(
        paths={
            name: {
                "get": operation(operationId=f"get_{at}", responses={"200": {"description": "It."}})
            }
            for at, name in enumerate(names)
        }
    )


def named(*names: str) -> Json:
    """Return a document with operations of these names."""
    items = {f"/{at}": {"get": operation(operationId=name)} for at, name in enumerate(names)}
    return document(paths=items)


BROKEN: dict[str, tuple[Json, str]] = {
    "document": (document({"responses": {"200": {"description": "It."}}}), "no operationId"),
    "operation-id": (named("get_it", "set_it", "dropIt"), "'dropIt' is not snake_case"),
    "operation-summary": (document(operation(summary="Gets it.")), "no period"),
    "operation-tag": (document(operation(tags=["Things"])), "'Things' is not declared"),
    "operation-security": (document(operation()), "has no security"),
    "success-response": (
        document(operation(responses={"404": {"description": "Not found."}})),
        "no response of success",
    ),
    "error-responses": (parameter({"type": "string"}), "no 400, 404 or 422"),
    "path-style": (paths("/things/"), "ends with a slash"),
    "parameter-description": (parameter({"type": "string"}), "the parameter 'p' has none"),
    "description-sentence": (
        document(operation(description="Returns it")),
        "ends without a period",
    ),
    "no-mock": (document(operation(description="The mock returns it.")), "speaks of 'mock'"),
    "shadowed-name": (with_schemas(Error=TEXT), "'Error' is a built-in name"),
    "unused-component": (with_schemas(Thing=TEXT), "'Thing' is not used"),
    "provenance": (document(operation(**{"x-provenance": "guessed"})), "'guessed' is none of"),
    "valid-example": (
        body({"type": "integer", "example": "many"}),
        "breaks its schema",
    ),
    "property-description": (response(having({"type": "string"})), "its type and not its meaning"),
    "nullable-type": (
        {**response({"nullable": True}), "openapi": "3.0.3"},
        "has no type beside it",
    ),
    "array-items": (response({"type": "array"}), "without items"),
    "required-property": (response(having(TEXT, "q")), "'q' is no property"),
    "enum-values": (response({"type": "string", "enum": ["a", 1]}), "1 is no string"),
    "request-enum": (
        body({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string"}]}),
        "any others",
    ),
    "limits": (response({"minimum": 2, "maximum": 1}), "minimum 2 is above maximum 1"),
    "valid-default": (response({"type": "integer", "default": "a"}), "breaks its schema"),
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a document."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "openapi.json"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the command. Return the exit code and what it printed."""
    code = cli.main(["contract", "lint", *words])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, printed.out


def test_each_rule_has_a_case() -> None:
    """A new rule needs a document that breaks it."""
    assert list(BROKEN) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_finds_what_breaks_it(
    name: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names file, line, rule, place and what is wrong."""
    content, problem = BROKEN[name]
    path.write_bytes(orjson.dumps(content))
    code, printed = run(capsys, "openapi.json", "--only", name)
    first, *_, last = printed.splitlines()
    assert code == 1
    assert re.fullmatch(rf"openapi\.json:1: {name}: #/.*{re.escape(problem)}.*", first)
    assert re.fullmatch(r"\d+ findings?\.", last)


def test_the_contract_keeps_our_habits() -> None:
    """It breaks none of the rules."""
    assert [str(finding) for finding in lint(Contract.load(packaged.spec()), RULES)] == []


def test_a_clean_document(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so, and the exit code is 0."""
    path.write_bytes(orjson.dumps(document(operation())))
    assert run(capsys, str(path), "--only", "document") == (0, "No findings. 1 rules.\n")


def test_rules_can_be_left_out(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All others are checked."""
    path.write_bytes(orjson.dumps(document(operation())))
    skipped = "operation-summary,operation-tag,operation-security"
    assert run(capsys, str(path), "--skip", skipped)[0] == 0


def test_the_vendors_own_words_are_left_alone(path: Path) -> None:
    """A documented description of a parameter is quoted from the page."""
    quoted: dict[str, Any] = parameter({"type": "string"}, description="how many")
    own = parameter(
        {"type": "string"},
        description="how many",
        **{"x-description-provenance": "assumed"},
    )
    rules = [rule for rule in RULES if rule.name == "description-sentence"]
    for content, count in ((quoted, 0), (own, 1)):
        path.write_bytes(orjson.dumps({**content, "x-provenance": "documented"}))
        assert len(lint(Contract.load(path), rules)) == count


def test_rules_are_printed_and_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """The guide has all of them in a table, in the words of the command."""
    _, printed = run(capsys, "--rules")
    text = guide("when-the-vendor-changes").text
    for line, rule in zip(printed.splitlines(), RULES, strict=True):
        assert line.split("  ", 1)[0] == rule.name
        assert f"| `{rule.name}` | {rule.sentence} |" in text


@pytest.mark.parametrize("flag", ["--only", "--skip"])
def test_an_unknown_rule_is_one_line(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2."""
    assert cli.main(["contract", "lint", flag, "nothing"]) == 2
    assert capsys.readouterr().err == f"mockserver: {flag}: 'nothing' is no rule\n"
