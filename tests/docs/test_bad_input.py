"""An invalid document is rejected in one line with exit code 2, and the old pages stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import cli, packaged
from mockserver.docs import pages
from mockserver.docs.document import Document, DocumentError
from mockserver.openapi import yaml_file
from mockserver.openapi.problems import written

SMALL = """\
openapi: 3.0.3
info: {title: Small, version: "1"}
paths:
  /things/{id}:
    get:
      summary: Get it
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: It.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Thing"}
components:
  schemas:
    Thing:
      type: object
      properties:
        a: {type: string}
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with an old page."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "reference.md").write_text("of an earlier day")
    return folder


def refusal(
    tmp_path: Path, out: Path, text: str | bytes, capsys: pytest.CaptureFixture[str]
) -> str:
    """Return the message about a document, after its name, and check that nothing else happened."""
    file = tmp_path / "spec.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for check in ([], ["--check"]):
        assert cli.main(["docs", "--spec", str(file), "--out", str(out), *check]) == 2
        printed, said = capsys.readouterr()
        assert printed == ""
        assert said.count("\n") == 1, said
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "reference.md": "of an earlier day"
    }
    start = f"mockserver: {file}:"
    assert said.startswith(start)
    return said.removeprefix(start).strip()


ERRORS = {
    "a reference to another file": (
        ("          description: It.\n", "          $ref: other.yaml#/Thing\n"),
        "11: #/paths/~1things~1{id}/get/responses/200/$ref: "
        "the reference 'other.yaml#/Thing' has no target: there is no such file",
    ),
    "a reference to another server": (
        ("          description: It.\n", "          $ref: https://example.com/a.yaml\n"),
        "11: #/paths/~1things~1{id}/get/responses/200/$ref: "
        "the reference 'https://example.com/a.yaml' has no target: "
        "it is on another server, which only --allow-remote-refs allows",
    ),
    "a reference to itself": (
        ("{type: string}\n", '{$ref: "#/components/schemas/Thing/properties/a"}\n'),
        "20: #/components/schemas/Thing/properties/a/$ref: the reference "
        "'#/components/schemas/Thing/properties/a' leads to itself, so it has no target",
    ),
    "references that only lead to each other": (
        (
            "    Thing:",
            '    A: {$ref: "#/components/schemas/B"}\n'
            '    B: {$ref: "#/components/schemas/A"}\n    Thing:',
        ),
        "17: #/components/schemas/A/$ref: "
        "the reference '#/components/schemas/B' leads to itself, so it has no target",
    ),
    "another version": (
        ("openapi: 3.0.3", "swagger: '1.2'"),
        "1: must be an OpenAPI document of version 2.0, 3.0, 3.1 or 3.2, but has '1.2'",
    ),
    "no version": (
        ("openapi: 3.0.3", "x-openapi: '3.0.3'"),
        "1: must be an OpenAPI document of version 2.0, 3.0, 3.1 or 3.2, "
        "but has no field 'openapi' or 'swagger'",
    ),
    "a key that is there twice": (
        ("      summary: Get it", "      summary: Get it\n      summary: Take it"),
        "7: the key 'summary' occurs twice",
    ),
    "no YAML": (("paths:", "paths: ]"), "3: is not YAML: did not find expected node content"),
}
"""What the pages cannot be generated from, and the message about it."""


BROKEN = {
    "a reference to nothing": (
        ("schemas/Thing", "schemas/Thin"),
        "14: #/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/$ref: "
        "'#/components/schemas/Thin' has no target",
    ),
    "a reference to another file": (
        ("          description: It.\n", "          $ref: other.yaml#/Thing\n"),
        "11: #/paths/~1things~1{id}/get/responses/200/$ref: "
        "'other.yaml#/Thing' is outside this file; only references within the file are supported",
    ),
    "a reference that is no text": (
        ('"#/components/schemas/Thing"', "7"),
        "14: #/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/$ref: "
        "must be text, not the number 7",
    ),
    "a reference to something else": (
        ("#/components/schemas/Thing", "#/paths/~1things~1{id}/get/summary"),
        "14: #/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/$ref: "
        "'#/paths/~1things~1{id}/get/summary' refers to the text 'Get it', "
        "but a schema must be an object",
    ),
    "a reference to itself": (
        ("{type: string}\n", '{$ref: "#/components/schemas/Thing/properties/a"}\n'),
        "20: #/components/schemas/Thing/properties/a/$ref: "
        "'#/components/schemas/Thing/properties/a' is a cycle of references without a target",
    ),
    "references that only lead to each other": (
        (
            "    Thing:",
            '    A: {$ref: "#/components/schemas/B"}\n'
            '    B: {$ref: "#/components/schemas/A"}\n    Thing:',
        ),
        "17: #/components/schemas/A/$ref: "
        "'#/components/schemas/B' is a cycle of references without a target",
    ),
    "a reference that leads to a broken one": (
        (
            "    Thing:",
            '    A: {$ref: "#/components/schemas/B"}\n    B: {$ref: "#/nowhere"}\n    Thing:',
        ),
        "17: #/components/schemas/A/$ref: "
        "'#/components/schemas/B' refers to '#/nowhere', which does not exist",
    ),
    "a list where text should be": (
        ("summary: Get it", "summary: [Get, it]"),
        "6: #/paths/~1things~1{id}/get/summary: must be text, not a list",
    ),
    "text where an object should be": (
        ("        a: {type: string}", "        a: string"),
        "20: #/components/schemas/Thing/properties/a: must be an object, not the text 'string'",
    ),
    "text where a list should be": (
        ("type: object", "required: a"),
        "18: #/components/schemas/Thing/required: must be a list, not the text 'a'",
    ),
    "a number where a flag should be": (
        ("required: true", "required: 1"),
        "8: #/paths/~1things~1{id}/get/parameters/0/required: "
        "must be true or false, not the number 1",
    ),
    "a flag where a number should be": (
        ("        a: {type: string}", "        a: {minimum: true}"),
        "20: #/components/schemas/Thing/properties/a/minimum: must be a number, not true",
    ),
    "nothing where an object should be": (
        ("  /things/{id}:\n    get:", "  /nothing:\n  /things/{id}:\n    get:"),
        "4: #/paths/~1nothing: must be an object, not an empty value",
    ),
    "a parameter without a name": (
        ("name: id, in", "in"),
        "8: #/paths/~1things~1{id}/get/parameters/0: lacks 'name', which a parameter requires",
    ),
    "a parameter of the older kind": (
        ("in: path", "in: body"),
        "8: #/paths/~1things~1{id}/get/parameters/0/in: "
        "must be path, query, header or cookie, not the text 'body'",
    ),
    "another version": (
        ("openapi: 3.0.3", "swagger: '2.0'"),
        "1: #/openapi: must be an OpenAPI document of version 3.0 or 3.1, but has no version",
    ),
    "a version that is a number": (
        ("openapi: 3.0.3", "openapi: 3.0"),
        "1: #/openapi: must be an OpenAPI document of version 3.0 or 3.1, but has version 3.0",
    ),
}
"""Documents whose parts have the wrong shape, and what the check of a document says."""


@pytest.mark.parametrize("name", ERRORS)
def test_an_invalid_document_is_rejected_with_its_location(
    name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the first problem: file, line, pointer, and what is expected."""
    (old, new), expected = ERRORS[name]
    assert old in SMALL
    assert refusal(tmp_path, out, SMALL.replace(old, new, 1), capsys) == expected


@pytest.mark.parametrize("name", BROKEN)
def test_the_check_of_a_document_has_the_place_and_the_problem(tmp_path: Path, name: str) -> None:
    """It guards the pages of documents that do not come from a file."""
    (old, new), expected = BROKEN[name]
    assert old in SMALL
    file = tmp_path / "spec.yaml"
    file.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(DocumentError) as caught:
        Document.of(yaml_file.load(file))
    line = yaml_file.line_of(file, caught.value.pointer)
    assert f"{line}: {written(caught.value.pointer)}: {caught.value.problem}" == expected


@pytest.mark.parametrize(
    "name", sorted(BROKEN.keys() - ERRORS.keys() - {"a version that is a number"})
)
def test_the_pages_of_a_wrong_document_are_written_with_a_warning(
    name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be lived with is one line on the terminal, with the command that lists it."""
    (old, new), _ = BROKEN[name]
    file = tmp_path / "spec.yaml"
    file.write_text(SMALL.replace(old, new, 1))
    assert cli.main(["docs", "--spec", str(file), "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"'mockserver check {file}' lists them" in said
    assert "/things/{id}" in (out / "reference.md").read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: must be an OpenAPI document"),
        ("- a\n- list\n", "1: must be an OpenAPI document"),
        ("just text", "1: must be an OpenAPI document"),
        (b"\xff\xfe", "1: is not UTF-8 text"),
        ("[" * 3_000 + "]" * 3_000, "1: is nested more than 100 levels deep"),
        ("a: &a\n  b: *a\n", "2: the value of '&a' contains itself"),
    ],
)
def test_a_file_without_a_document_is_rejected(
    text: str | bytes, expected: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty files, other YAML, binary content and endless nesting are rejected."""
    assert refusal(tmp_path, out, text, capsys).startswith(expected)


def test_a_too_deeply_nested_document_is_rejected(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The depth is bounded, as templates recurse."""
    depth = 600
    deep = "{items: " * depth + "{}" + "}" * depth
    text = SMALL.replace("        a: {type: string}", f"        a: {deep}")
    said = refusal(tmp_path, out, text, capsys)
    assert said == "20: is nested more than 100 levels deep"


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message contains the system's error."""
    assert cli.main(["docs", "--spec", str(tmp_path / "none.yaml")]) == 2
    assert (
        capsys.readouterr().err
        == f"mockserver: {tmp_path / 'none.yaml'}: No such file or directory\n"
    )


def test_old_pages_stay_if_writing_fails(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page is moved, and no temporary file remains."""
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "llms" in path.name:
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        pages.write(out, {"reference.md": "new", "llms.txt": "new"})
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "reference.md": "of an earlier day"
    }


def test_the_contract_is_accepted() -> None:
    """The check of the contract itself succeeds."""
    assert cli.main(
        ["docs", "--check", "--spec", str(packaged.spec()), "--out", str(Path("docs"))]
    ) in (0, 1)
