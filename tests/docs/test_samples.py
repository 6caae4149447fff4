"""Samples are valid requests in three languages, whatever they have to send."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from mockserver.docs import request, samples
from mockserver.docs.model import MISSING, Operation, Reference
from tests.docs.contract_reference import OPERATIONS, REFERENCE, find_operation
from tests.docs.hostile import PAYLOADS
from tests.docs.specs import JSON, Json, reference, responding, spec, taking


def only(document: Json) -> tuple[Reference, Operation]:
    whole = reference(document)
    (operation,) = whole.operations
    return whole, operation


def code_of(document: Json) -> dict[str, str]:
    return {
        sample.language: sample.code
        for sample in samples.in_all_languages(request.build(*only(document)))
    }


def words_of(command: str) -> list[str]:
    """Return the words that a POSIX shell makes of a command, its variables set to their names."""
    script = (
        "API_KEY=key API_TOKEN=token API_CREDENTIALS=creds\ncurl() { printf '%s\\0' \"$@\"; }\n"
        + command
    )
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, check=True, timeout=10, cwd="/"
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def example_name(operation_id: str) -> str | None:
    entry = find_operation(operation_id)
    example = request.response_example(REFERENCE, entry, request.build(REFERENCE, entry))
    assert example is not None
    return example.name


# --- The contract


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda entry: entry.heading)
def test_samples_of_the_contract_can_be_parsed(operation: Operation) -> None:
    """Each operation has three samples, which the shell and Python can parse."""
    made = {
        sample.language: sample
        for sample in samples.in_all_languages(request.build(REFERENCE, operation))
    }
    assert list(made) == ["curl", "python", "javascript"]
    assert f"-X {operation.method} " in made["curl"].code
    shlex.split(made["curl"].code)
    ast.parse(made["python"].code)
    for sample in made.values():
        assert operation.server in sample.code
        assert sample.requirements


def test_the_response_is_paired_with_the_first_request_example() -> None:
    """Examples are paired by their names."""
    sent = request.build(REFERENCE, find_operation("create_deposit"))
    assert (sent.example, sent.body) == ("amount_only", {"amount_cents": 10_000})
    assert example_name("create_deposit") == "amount_only"


def test_an_optional_parameter_is_sent_when_its_example_differs_from_its_default() -> None:
    """The response is the example whose summary names the parameter."""
    assert request.build(REFERENCE, find_operation("get_usage_chart")).url.before.endswith(
        "/usage-chart?days=7"
    )
    assert example_name("list_credit_transactions") == "only_crawls"
    assert request.build(REFERENCE, find_operation("list_audit_log")).url.before.endswith(
        "/audit-log"
    )


def test_keys_come_from_the_environment() -> None:
    """Samples contain no key."""
    for sample in samples.in_all_languages(request.build(REFERENCE, find_operation("get_balance"))):
        assert "API_KEY" in sample.code
        assert "sk_" not in sample.code


# --- Requests


def test_required_parameters_are_sent_in_their_location() -> None:
    """Paths, queries, headers and cookies are encoded by their own rules."""
    parameters = [
        {"name": "id", "in": "path", "required": True, "example": "a/b ü"},
        {"name": "q", "in": "query", "required": True, "example": "x&y=z"},
        {"name": "many", "in": "query", "required": True, "example": ["a", "b"]},
        {"name": "few", "in": "query", "required": True, "explode": False, "example": [1, 2]},
        {"name": "X-Trace", "in": "header", "required": True, "example": "on"},
        {
            "name": "session",
            "in": "cookie",
            "required": True,
            "schema": {"type": "string", "default": "s1"},
        },
        {"name": "X-Other", "in": "header", "example": "left out"},
    ]
    command = code_of(spec({"/x/{id}": {"get": {"parameters": parameters}}}))["curl"]
    assert words_of(command) == [
        "-X",
        "GET",
        "http://127.0.0.1:8080/x/a%2Fb%20%C3%BC?q=x%26y%3Dz&many=a&many=b&few=1,2",
        "-H",
        "X-Trace: on",
        "-H",
        "Cookie: session=s1",
    ]


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "X-Key: key"),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, "Cookie: sid=key"),
        ({"type": "http", "scheme": "bearer"}, "Authorization: Bearer token"),
        ({"type": "http", "scheme": "basic"}, "Authorization: Basic creds"),
        ({"type": "oauth2", "flows": {}}, "Authorization: Bearer token"),
    ],
)
def test_each_security_scheme_has_its_header(scheme: Json, header: str) -> None:
    """The credentials come from the environment."""
    document = spec({"/x": {"get": {}}}, security=[{"It": []}])
    document["components"]["securitySchemes"] = {"It": scheme}
    assert words_of(code_of(document)["curl"])[-1] == header


def test_a_key_may_be_a_query_parameter() -> None:
    """It follows the other query parameters."""
    parameters = [{"name": "a", "in": "query", "required": True, "example": 1}]
    document = spec({"/x": {"get": {"parameters": parameters}}}, security=[{"It": []}])
    document["components"]["securitySchemes"] = {
        "It": {"type": "apiKey", "in": "query", "name": "key"}
    }
    code = code_of(document)
    assert words_of(code["curl"])[-1] == "http://127.0.0.1:8080/x?a=1&key=key"
    assert '"http://127.0.0.1:8080/x?a=1&key=" + os.environ["API_KEY"]' in code["python"]
    assert '"http://127.0.0.1:8080/x?a=1&key=" + process.env.API_KEY' in code["javascript"]


def test_a_body_without_an_example_is_made_from_its_schema() -> None:
    """It has the required properties, with values from the schema."""
    schema = {
        "type": "object",
        "required": ["id", "kind", "count", "inner"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 3},
            "inner": {
                "type": "object",
                "required": ["on"],
                "properties": {"on": {"type": "boolean"}},
            },
            "optional": {"type": "string"},
            "exemplary": {"type": "string", "example": "shown"},
        },
    }
    body = request.build(*only(spec({"/x": {"post": {"requestBody": taking(schema)}}}))).body
    assert body == {
        "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "kind": "a",
        "count": 3,
        "inner": {"on": True},
        "exemplary": "shown",
    }


def test_a_response_made_from_its_schema_stays_small() -> None:
    """Recursive schemas do not make it grow."""
    wide: Json = {f"f{number}": {"$ref": "#/components/schemas/Wide"} for number in range(100)}
    schemas = {"Wide": {"type": "object", "properties": wide}}
    operation = {"responses": responding({"$ref": "#/components/schemas/Wide"})}
    whole, only_one = only(spec({"/x": {"get": operation}}, schemas))
    example = request.response_example(whole, only_one, request.build(whole, only_one))
    assert example is not None
    assert 10 < len(json.dumps(example.value)) < 2_000


def test_forms_multipart_and_plain_text_are_supported() -> None:
    """Each language uses its own means."""
    value = {"a": "1 & 2", "b": True}
    form = code_of(_sending("application/x-www-form-urlencoded", value))
    assert words_of(form["curl"])[-4:] == [
        "--data-urlencode",
        "a=1 & 2",
        "--data-urlencode",
        "b=true",
    ]
    assert "data={" in form["python"]
    assert "new URLSearchParams({" in form["javascript"]
    parts = code_of(_sending("multipart/form-data", value))
    assert words_of(parts["curl"])[-4:] == ["--form-string", "a=1 & 2", "--form-string", "b=true"]
    assert '"b": (None, "true"),' in parts["python"]
    text = code_of(_sending("text/plain", "it's"))
    assert words_of(text["curl"])[-4:] == ["-H", "Content-Type: text/plain", "--data-raw", "it's"]
    assert 'data="it\'s".encode()' in text["python"]
    for code in (form, parts, text):
        ast.parse(code["python"])


def _sending(media_type: str, value: Any) -> Json:
    return spec({"/x": {"post": {"requestBody": {"content": {media_type: {"example": value}}}}}})


def test_without_a_body_nothing_is_sent() -> None:
    """There is no content type either."""
    whole, operation = only(spec({"/x": {"post": {}}}))
    sent = request.build(whole, operation)
    assert sent.body is MISSING
    assert sent.headers == ()
    assert request.response_example(whole, operation, sent) is None


def test_rare_methods_are_supported() -> None:
    """curl needs ``--head``, else it would wait for a body."""
    head = code_of(spec({"/x": {"head": {}}}))
    assert head["curl"] == "curl --head http://127.0.0.1:8080/x"
    assert 'requests.request(\n    "HEAD",' in head["python"]
    assert 'method: "HEAD"' in head["javascript"]


# --- Safety


@pytest.mark.parametrize("text", PAYLOADS, ids=[f"{number}" for number in range(len(PAYLOADS))])
def test_values_are_quoted_safely(text: str, tmp_path: Path) -> None:
    """No text ends a string, command or line: the shell and Python return the original."""
    parameters = [{"name": "X-Text", "in": "header", "required": True, "example": text}]
    body = {text: [text, None, True, 1.5, {"a": text}]}
    operation = {"parameters": parameters, "requestBody": {"content": {JSON: {"example": body}}}}
    code = code_of(spec({"/x": {"post": operation}}))
    words = words_of(code["curl"])
    assert json.loads(words[-1]) == body
    assert words[words.index("-H") + 1] == f"X-Text: {' '.join(text.split())}"
    (call,) = [node for node in ast.walk(ast.parse(code["python"])) if _is_call(node)]
    sent = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert sent["json"] == body
    assert sent["headers"]["X-Text"] == " ".join(text.split())
    assert not list(tmp_path.iterdir())


def _is_call(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "post"
    )


def test_proto_is_an_ordinary_name_in_javascript() -> None:
    """In a plain literal ``__proto__`` would set the prototype and send nothing."""
    assert '["__proto__"]: 1' in code_of(_sending(JSON, {"__proto__": 1}))["javascript"]
