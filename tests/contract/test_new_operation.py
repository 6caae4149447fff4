"""``mockserver contract new-operation``: text is inserted, and the mock serves it at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver import cli, packaged
from mockserver.contract.lint import lint
from mockserver.contract.lint_rules import RULES
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract
from tests.conftest import API, ServerFactory

SMALL = """\
# Ours.
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
    /things:  # all of them
        get:
            operationId: listThings
            responses:
                "200": {description: It.}  # as documented
                default: {$ref: "#/components/responses/Failed"}

    /things/{thingId}:
        parameters:
            - {name: thingId, in: path, required: true, schema: {type: string}}
        get:
            operationId: getThing
            description: |
                Text that
              # is no comment.
            responses:
                "200": {description: It.}
                default: {$ref: "#/components/responses/Failed"}
        # the end of it

components:
    responses:
        Failed: {description: Failed.}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The path of a copy of the contract."""
    path = tmp_path / "openapi.yaml"
    path.write_bytes(packaged.spec().read_bytes())
    return path


def small(folder: Path, text: str = SMALL) -> Path:
    """Return the path of a small document."""
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def add(spec: Path, *words: str) -> int:
    """Run the command."""
    return cli.main(["contract", "new-operation", *words, "--spec", str(spec)])


def added_lines(before: str, after: str) -> list[str]:
    """Return the lines that were inserted. All others must be the same."""
    old, new = before.splitlines(), after.splitlines()
    start = next(at for at, (a, b) in enumerate(zip([*old, ""], new, strict=False)) if a != b)
    count = len(new) - len(old)
    assert new[:start] + new[start + count :] == old
    return new[start : start + count]


def test_an_added_operation_is_served_from_its_schema(
    contract: Path, make_server: ServerFactory
) -> None:
    """It takes the keys, has the headers and refuses as the others do."""
    assert add(contract, "POST", f"{API}/receipts/{{receipt_id}}/copies") == 0
    path = f"{API}/receipts/r1/copies"
    with make_server(spec=contract).client("sk_test_new") as client:
        response = client.post(path, json={"name": "a"})
        refused = client.post(path, json={})
    assert response.headers["x-mock-source"] == "schema"
    assert response.json() == {"id": "example_id"}
    assert "x-ratelimit-limit" in response.headers
    assert refused.status_code == 422


def test_nothing_else_in_the_file_changes(contract: Path) -> None:
    """Comments, order and formatting stay, and the operation has its own words only."""
    before = contract.read_text(encoding="utf-8")
    assert add(contract, "GET", f"{API}/receipts") == 0
    after = contract.read_text(encoding="utf-8")
    lines = added_lines(before, after)
    assert f"\n\n  {API}/receipts:\n    get:\n" in after
    assert "      operationId: list_receipts" in lines
    assert '        "401": { $ref: "#/components/responses/Unauthorized" }' in lines


def test_an_added_operation_keeps_our_habits(contract: Path) -> None:
    """It brings no finding of the linter."""
    before = len(lint(Contract.load(contract), RULES))
    assert add(contract, "PUT", f"{API}/payment-methods/{{payment_method_id}}") == 0
    assert len(lint(Contract.load(contract), RULES)) == before


def test_a_method_is_added_to_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The style of the document is kept: its indentation, its names, its common errors."""
    spec = small(tmp_path)
    assert add(spec, "delete", "/things/{thingId}", "--tag", "On things") == 0
    lines = added_lines(SMALL, spec.read_text(encoding="utf-8"))
    assert lines[:4] == [
        "        delete:",
        "            operationId: removeThing",
        "            tags: [On things]",
        "            summary: Remove thing",
    ]
    assert '                default: { $ref: "#/components/responses/Failed" }' in lines
    number = spec.read_text(encoding="utf-8").splitlines().index("        delete:") + 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{spec}:{number}: DELETE /things/{{thingId}} is removeThing."
    assert len(printed) == 8


def test_a_path_is_added_after_the_last(tmp_path: Path) -> None:
    """The last lines of a file without an end of line are kept, too."""
    text = re.sub(r" *default: .*\n", "", SMALL.partition("\ncomponents:")[0]).rstrip()
    spec = small(tmp_path, text)
    assert add(spec, "GET", "/other", "--operation-id", "look", "--summary", "Yes: look") == 0
    assert spec.read_text(encoding="utf-8").startswith(text)
    operation = yaml_file.load(spec)["paths"]["/other"]["get"]
    assert (operation["operationId"], operation["summary"]) == ("look", "Yes: look")


def test_a_file_with_other_line_ends_keeps_them(tmp_path: Path) -> None:
    """The inserted lines have them, too."""
    spec = tmp_path / "windows.yaml"
    spec.write_bytes(SMALL.replace("\n", "\r\n").encode())
    assert add(spec, "GET", "/other") == 0
    content = spec.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")


def test_a_dry_run_writes_nothing(contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text is printed."""
    before = contract.read_bytes()
    assert add(contract, "GET", f"{API}/receipts", "--dry-run") == 0
    assert contract.read_bytes() == before
    assert f"  {API}/receipts:\n    get:\n" in capsys.readouterr().out


REFUSED = {
    "an operation that is there": (SMALL, ["GET", "/things/{other}"], "is there already"),
    "a name that is taken": (
        SMALL,
        ["GET", "/other", "--operation-id", "getThing"],
        "has an operation 'getThing' already",
    ),
    "no paths": (SMALL.partition("paths:")[0] + "paths: {}\n", ["GET", "/x"], "has no paths yet"),
    "paths in one line": (
        SMALL.partition("paths:")[0]
        + 'paths: {/a: {get: {operationId: a, responses: {"200": {description: It.}}}}}\n',
        ["GET", "/x"],
        "is written in one line",
    ),
    "no document": ("a: 1\n", ["GET", "/x"], "must be an OpenAPI document"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_added_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document is unchanged, and the exit code is 2."""
    text, words, problem = REFUSED[name]
    spec = small(tmp_path, text)
    assert add(spec, *words) == 2
    assert spec.read_text(encoding="utf-8") == text
    assert re.fullmatch(rf"mockserver: .*{re.escape(problem)}.*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    "words",
    [["FETCH", "/x"], ["GET", "x"], ["GET", "/x y"], ["GET", "/{a}/{a}"], ["GET", "/x\n:"]],
)
def test_a_bad_method_or_path_is_one_line(
    words: list[str], contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2."""
    with pytest.raises(SystemExit) as end:
        add(contract, *words)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("See '") == 1


def test_a_json_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has no comments or formatting to keep, and no anchors."""
    spec = tmp_path / "openapi.json"
    spec.write_text("{}", encoding="utf-8")
    assert add(spec, "GET", "/x") == 2
    assert "is JSON" in capsys.readouterr().err
