"""``mockserver contract diff``: output formats, exit codes and errors."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import cli
from mockserver.contract.command import parser
from tests.bad_files import BAD_FILES
from tests.contract.documents import Json, body, document, having, operation, parameter, response
from tests.guides.markdown import guide

OLD = body(having({"type": "integer", "maximum": 9}))
NEW = body(having({"type": "integer", "maximum": 5, "description": "Few."}))
BOTH_WAYS = {"components": {"schemas": {"Thing": having({"type": "string"})}}}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(old: Json, new: Json, *flags: str) -> int:
    """Run the command on two documents."""
    for name, content in (("old.json", old), ("new.json", new)):
        Path(name).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return cli.main(["contract", "diff", "old.json", "new.json", *flags])


def test_a_document_without_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so."""
    assert run(OLD, OLD) == 0
    assert capsys.readouterr().out == "No differences.\n"


def test_changes_are_sentences_with_places(capsys: pytest.CaptureFixture[str]) -> None:
    """The most severe come first; each has the line to edit, and what is affected."""
    assert run(OLD, NEW) == 1
    assert capsys.readouterr().out == (
        "breaking   new.json:24: The maximum of the request property `p` was decreased from 9 "
        "to 5.\n"
        "           request-property-max-decreased · POST /x request\n"
        "editorial  new.json:25: The description of the request property `p` was added.\n"
        "           request-property-description-added · POST /x request\n"
        "\n"
        "2 changes: 1 breaking, 1 editorial.\n"
    )


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Each change has its pointer, and the file of what was removed is the old one."""
    run(body(having({"type": "string"})), body({"type": "object"}), "--format", "json")
    printed = json.loads(capsys.readouterr().out)
    (change,) = printed["changes"]
    assert printed["counts"] == {"breaking": 1, "unclear": 0, "additive": 0, "editorial": 0}
    assert (change["file"], change["in"], change["kind"]) == (
        "old.json",
        "old",
        "request-property-removed",
    )
    assert change["pointer"].endswith("/schema/properties/p")
    assert change["affects"] == ["POST /x request"]


def test_markdown_is_text_for_a_changelog(capsys: pytest.CaptureFixture[str]) -> None:
    """Each severity is a section."""
    run(OLD, NEW, "--format", "markdown")
    assert capsys.readouterr().out == (
        "### Breaking\n\n"
        "- The maximum of the request property `p` was decreased from 9 to 5. (POST /x request)\n\n"
        "### Words and examples\n\n"
        "- The description of the request property `p` was added. (POST /x request)\n"
    )


def test_annotations_of_github(capsys: pytest.CaptureFixture[str]) -> None:
    """Breaking changes are errors at their lines."""
    run(OLD, NEW, "--format", "github")
    assert capsys.readouterr().out.splitlines()[0] == (
        "::error file=new.json,line=24,title=request-property-max-decreased::"
        "The maximum of the request property `p` was decreased from 9 to 5."
    )


@pytest.mark.parametrize(
    ("fail_on", "code"), [("breaking", 0), ("additive", 1), ("editorial", 1), ("never", 0)]
)
def test_the_exit_code_follows_fail_on(fail_on: str, code: int) -> None:
    """It is 1 for a change that is as severe."""
    assert run(NEW, OLD, "--fail-on", fail_on) == code


def test_less_severe_changes_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """They are not counted either."""
    run(OLD, NEW, "--show", "additive")
    assert capsys.readouterr().out.endswith("1 change: 1 breaking.\n")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_changes_that_are_left_out_are_counted_on_standard_error(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report does not say that the documents are the same."""
    described = body(having({"type": "integer", "maximum": 9, "description": "Few."}))
    flags = ["--fail-on", "editorial", "--show", "breaking", "--format", form]
    assert run(OLD, described, *flags) == 1
    printed = capsys.readouterr()
    assert printed.out == "No differences with --show breaking.\n"
    assert printed.err == "mockserver: 1 change is not shown; --show is breaking\n"
    assert run(OLD, OLD, *flags) == 0
    assert capsys.readouterr() == ("No differences.\n", "")


def test_a_closed_pipe_ends_the_command_silently() -> None:
    """The reader, such as head, needs no more."""
    run(OLD, NEW)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "mockserver", "contract", "diff", "old.json", "new.json"]
    try:
        ended = subprocess.run(
            command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_changed_description_of_a_tag_is_editorial(capsys: pytest.CaptureFixture[str]) -> None:
    """Tags are compared by name, in any order."""
    old = document(operation(), tags=[{"name": "a", "description": "A."}, {"name": "b"}])
    new = document(operation(), tags=[{"name": "b"}, {"name": "a", "description": "Aa."}])
    assert run(old, new, "--fail-on", "editorial") == 1
    (first, kind, *_) = capsys.readouterr().out.splitlines()
    assert first.startswith("editorial ")
    assert "of the tag `a` was" in first
    assert "api-tag-description-" in kind


def test_a_removed_header_has_the_line_of_its_entry(capsys: pytest.CaptureFixture[str]) -> None:
    """The component that the entry refers to is still there."""
    reference = {"$ref": "#/components/headers/H"}
    components = {"headers": {"H": {"schema": {"type": "string"}}}}
    done = {"description": "Done.", "headers": {"X-H": reference}}
    old = document(operation(responses={"200": done}), components=components)
    run(old, document(operation(), components=components), "--format", "json")
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["pointer"].endswith("/responses/200/headers/X-H")


def test_a_component_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The change of a schema names all that it affects, once for each direction."""
    schema = {"$ref": "#/components/schemas/Thing"}
    done = response(schema)["paths"]["/x"]["post"]
    taking = body(schema)["paths"]["/x"]["post"]
    paths = {f"/{name}": {"get": {**done, "operationId": name}} for name in "abcd"}
    paths["/e"] = {"post": {**taking, "operationId": "e"}}
    old = document(paths=paths, **BOTH_WAYS)
    new = document(paths=paths, components={"schemas": {"Thing": {"type": "object"}}})
    run(old, new, "--format", "json")
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [change["affects"] for change in changes] == [
        ["POST /e request"],
        [f"GET /{name} 200" for name in "abcd"],
    ]


def test_a_component_behind_allof_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Descriptions beside the references do not multiply the sentence."""
    reference = {"$ref": "#/components/schemas/Money"}
    either = {"anyOf": [reference, {"type": "null"}]}

    def shop(**money: Any) -> Json:
        properties = {
            name: {"allOf": [reference], "description": f"The {name}.", "default": None}
            for name in ("price", "tax", "sum")
        }
        schema = {"type": "object", "properties": {**properties, "tip": reference, "fee": either}}
        components = {"schemas": {"Money": {"type": "integer", **money}}}
        paths = {
            f"/{name}": {"post": {**body(schema)["paths"]["/x"]["post"], "operationId": name}}
            for name in "ab"
        }
        return document(paths=paths, components=components)

    assert run(shop(), shop(maximum=5), "--format", "json") == 1
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["text"] == "The maximum of the schema `Money` was set to 5."
    assert change["affects"] == ["POST /a request", "POST /b request"]


def test_recursive_schemas_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """A schema that contains itself is compared once."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    loop = {"allOf": [{"$ref": "#/components/schemas/Node"}], "nullable": True}
    old = {**response({"$ref": "#/components/schemas/Node"}), "openapi": "3.0.3"}
    new = {**old, "components": {"schemas": {"Node": {**node, "properties": {"next": loop}}}}}
    assert run({**old, "components": {"schemas": {"Node": node}}}, new) == 1
    assert "`next` of `Node` may be null now" in " ".join(capsys.readouterr().out.split())


def test_a_sentence_beside_a_reference_is_editorial() -> None:
    """A reference and an ``allOf`` with this reference alone allow the same values."""
    target = {"components": {"schemas": {"T": {"type": "string"}}}}
    reference = {"$ref": "#/components/schemas/T"}
    plain = {**body(having(reference)), **target}
    described = {**body(having({"allOf": [reference], "description": "It."})), **target}
    assert run(plain, described, "--fail-on", "additive") == 0


def test_braces_in_values_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern with a quantifier is shown as it is."""
    old = body(having({"type": "string", "pattern": "^[0-9a-f]{40}$"}))
    assert run(old, body(having({"type": "string", "pattern": "^[0-9a-f]{64}$"}))) == 1
    assert 'from "^[0-9a-f]{40}$" to "^[0-9a-f]{64}$"' in capsys.readouterr().out


def test_a_choice_beside_properties_is_a_constraint(capsys: pytest.CaptureFixture[str]) -> None:
    """The properties are compared all the same."""
    schema = having({"type": "string"})
    either = {"anyOf": [{"required": ["p"]}, {"required": ["q"]}]}
    assert run(body(schema), body({**having({"type": "integer"}), **either})) == 1
    printed = capsys.readouterr().out
    assert "The anyOf was added to the request body." in printed
    assert "The type of the request property `p` was changed" in printed


@pytest.mark.parametrize("is_global", [False, True])
@pytest.mark.parametrize("optional", [[{"K": []}, {}], [{}, {"K": []}]])
def test_authentication_that_becomes_required_is_breaking(
    optional: list[Json], is_global: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unauthenticated client of the old document fails; the reverse is additive."""
    components = {"securitySchemes": {"K": {"type": "http", "scheme": "bearer"}}}
    fields: Json = {"components": components, "security": [{"K": []}]}
    strict = document(operation(), **fields)
    relaxed = document(operation(security=optional), **fields)
    if is_global:
        relaxed = document(operation(), **{**fields, "security": optional})
    kind = "api-global-security" if is_global else "api-security"
    assert run(relaxed, strict) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("breaking ")
    assert "uthentication is required now by " in printed
    assert f"{kind}-added" in printed
    assert run(strict, relaxed) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("additive ")
    assert f"{kind}-removed" in printed


def with_mistake(at: str, value: Any) -> Json:
    """Return a document with a wrong value at a place of its schema, or as security."""
    schema = having({"type": "integer", "minimum": 1000}, "p")
    if at == "security":
        return document(operation(security=value))
    changed = schema["properties"]["p"] if at != "required" else schema
    changed[at] = value
    return body(schema)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("pattern", "^(["),
        ("minimum", "1000"),
        ("required", "p"),
        ("type", "integr"),
        ("security", [{"Nope": []}]),
        ("$ref", "#/components/schemas/Nope"),
    ],
)
def test_mistakes_are_warnings_before_the_differences(
    at: str, value: Any, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the comparison leaves out is named on standard error, with file and line."""
    new = {**with_mistake(at, value), "openapi": version}
    run({**OLD, "openapi": version}, new)
    (warning,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"warning: new\.json:\d+: #/.*{re.escape(at)}.*: .+", warning)


def test_a_mistake_is_unclear_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """A place that cannot be compared may break clients, so the exit code is 1 by default."""
    new = {**with_mistake("type", "integr"), "openapi": "3.0.3"}
    old = {**with_mistake("type", "integer"), "openapi": "3.0.3"}
    assert run(old, new) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("unclear    new.json:")
    assert "/properties/p/type could not be compared: " in printed
    assert printed.endswith("1 change: 1 unclear.\n")
    assert run(old, new, "--fail-on", "breaking") == 0
    run(old, new, "--format", "markdown")
    assert "### To be checked by hand" in capsys.readouterr().out


@pytest.mark.parametrize(("limit", "lines"), [("0", 1), ("2", 3), ("3", 3)])
def test_the_number_of_warnings_is_bounded(
    limit: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line says how many more there are."""
    properties = {name: {"type": "string", "pattern": "^(["} for name in "abc"}
    run(body({"properties": properties}), body({}), "--max-warnings", limit)
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == lines
    if limit != "3":
        more = 3 - int(limit)
        assert printed[-1] == (
            f"warning: old.json: {more} more; 'mockserver check old.json' lists them"
        )


def test_an_open_enum_of_a_response_may_grow() -> None:
    """A choice of listed values and any text tells clients to expect others."""

    def listing(*values: str) -> Json:
        listed = {"type": "string", "enum": [*values]}
        return response(having({"anyOf": [listed, {"type": "string"}]}))

    assert run(listing("a"), listing("a", "b"), "--fail-on", "breaking") == 0
    closed = response(having({"type": "string", "enum": ["a"]}))
    grown = response(having({"type": "string", "enum": ["a", "b"]}))
    assert run(closed, grown, "--fail-on", "breaking") == 1


def test_extensions_beside_responses_are_no_responses() -> None:
    """They are not compared."""
    responses = {"200": {"description": "Done."}}
    extended = {**responses, "x-note": {"a": 1}}
    new = document(operation(responses=extended))
    assert run(document(operation(responses=responses)), new, "--fail-on", "editorial") == 0


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_versions_are_comparable(version: str) -> None:
    """Null and exclusive bounds are written in other ways, and are the same."""
    old = {"type": "integer", "nullable": True, "minimum": 1, "exclusiveMinimum": True}
    new = old if version == "3.0.3" else {"type": ["integer", "null"], "exclusiveMinimum": 1}
    before = {**body(having(old)), "openapi": "3.0.3"}
    assert run(before, {**body(having(new)), "openapi": version}, "--fail-on", "editorial") == 0


def test_swagger_2_is_compared_with_3() -> None:
    """A document of version 2.0 is brought into the form of 3.0 first."""
    done = {"200": {"description": "Done."}}
    place = {"name": "p", "in": "query"}
    swagger = {
        "swagger": "2.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {
            "/x": {
                "post": {
                    "operationId": "x",
                    "parameters": [{**place, "type": "integer"}],
                    "responses": done,
                }
            }
        },
    }
    assert run(swagger, parameter({"type": "integer"}), "--fail-on", "editorial") == 0


def test_paths_may_name_their_parameters_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """A path parameter is what is at its position."""

    def path(name: str) -> Json:
        named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]
        return document(paths={f"/x/{{{name}}}": {"post": operation(parameters=named)}})

    assert run(path("id"), path("key")) == 0
    assert "`id` was renamed `key`" in capsys.readouterr().out


def test_schemas_that_double_are_bounded() -> None:
    """Each of 40 schemas contains the next one twice, so that a naive merge would never end."""

    def doubling(last: Json) -> Json:
        schemas = {
            f"S{at}": {"allOf": [{"$ref": f"#/components/schemas/S{at + 1}"}] * 2}
            for at in range(40)
        }
        schemas["S40"] = last
        inline = {"type": "object", "properties": {"p": {"allOf": [schemas["S0"]["allOf"][0]]}}}
        return {**body(inline), "components": {"schemas": schemas}}

    start = time.process_time()
    assert run(doubling({"type": "string"}), doubling({"type": "integer"})) == 1
    run(body(having({"type": "string"})), doubling({"type": "integer"}))
    assert time.process_time() - start < 10


@pytest.mark.slow
def test_many_branches_are_matched_soon() -> None:
    """Thousands of branches and values take no time that grows with their square."""

    def many(prefix: str) -> Json:
        names = [f"{prefix}{at}" for at in range(5_000)]
        schema = {"oneOf": [{"title": name, "type": "string"} for name in names]}
        return body({**having({"enum": names, "x-extensible-enum": names}), **schema})

    start = time.process_time()
    assert run(many("a"), many("b"), "--show", "breaking", "--format", "github") == 1
    assert time.process_time() - start < 15


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("suffix", ["yaml", "txt"])
def test_bad_files_are_one_line(
    name: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Documents and pages that cannot be used end with exit code 2."""
    content, _, _ = BAD_FILES[name]
    bad, good = tmp_path / f"bad.{suffix}", tmp_path / "good.json"
    bad.write_bytes(content)
    good.write_bytes(orjson.dumps(OLD))
    assert cli.main(["contract", "diff", str(bad), str(good)]) == 2
    assert re.fullmatch(r"mockserver: .*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "missing.yaml", "missing.yaml"],
        ["diff", ".", "old.yaml"],
        ["diff", "old.yaml"],
        ["diff", "a.yaml", "b.yaml", "--fail-on", "nothing"],
        ["diff", "a.yaml", "b.yaml", "--deprecation-days", "-1"],
        ["diff", "a.yaml", "page.txt"],
        ["diff", "/dev/zero", "a.yaml"],
        ["watch-page", "missing.txt"],
        ["nothing"],
        [],
    ],
)
def test_bad_flags_are_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2."""
    try:
        code: object = cli.main(["contract", *words])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_flag_is_in_the_guide() -> None:
    """The guide names what ``--help`` describes."""
    (commands,) = [
        action.choices
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    text = guide("when-the-vendor-changes").text
    for name in ("diff", "lint", "watch-page", "new-operation"):
        command = commands[name]
        assert "exit codes: 0" in (command.epilog or "")
        for action in command._actions:
            assert action.help, (name, action.dest)
            for flag in action.option_strings:
                assert flag in {"-h", "--help"} or f"`{flag}`" in text, flag
