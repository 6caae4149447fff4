"""Error bodies in the shapes of many documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.behaviour import ErrorResponse
from mockserver.engine.errors import Refusal, Unprocessable
from mockserver.engine.request_log import reason_of
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract
from mockserver.resources.errors import ErrorBodies
from tests.resources.documents import Json, document, json_content, operation

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
SENTENCE = "There is no such thing."


def objects(**properties: Json) -> Json:
    """Return the schema of an object with some properties, all required."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def written(
    responses: Json,
    refusal: Refusal | None = None,
    *,
    is_known: bool = True,
    others: Json | None = None,
) -> ErrorResponse:
    """Return an error of an operation with some responses, or of an unknown path beside it."""
    paths = {"/things": {"get": operation({"200": {}, **responses})}}
    if others is not None:
        paths["/others"] = {"get": operation(others, "get_other")}
    contract = Contract.checked(Path("openapi.yaml"), document(paths))
    bodies = ErrorBodies(contract, Generator(contract.schemas, 1))
    known = contract.operations["get_thing"] if is_known else None
    return bodies.response(refusal or Refusal(404, SENTENCE), known)


SHAPES: list[tuple[str, Json, Any]] = [
    ("a message", objects(message=TEXT), {"message": SENTENCE}),
    ("a detail", objects(detail=TEXT), {"detail": SENTENCE}),
    ("an error", objects(error=TEXT), {"error": SENTENCE}),
    ("the status too", objects(status=NUMBER, title=TEXT), {"status": 404, "title": SENTENCE}),
    ("a number as code", objects(code=NUMBER, message=TEXT), {"code": 404, "message": SENTENCE}),
    (
        "a code of another kind",
        objects(code={"type": "integer", "enum": [7]}, message=TEXT),
        {"code": 7, "message": SENTENCE},
    ),
    (
        "a text as code",
        objects(code={"type": "string", "enum": ["gone"]}, message=TEXT),
        {"code": "gone", "message": SENTENCE},
    ),
    ("nested", objects(error=objects(message=TEXT)), {"error": {"message": SENTENCE}}),
    (
        "nested twice, status beside it",
        objects(error=objects(inner=objects(status=NUMBER, msg=TEXT))),
        {"error": {"inner": {"status": 404, "msg": SENTENCE}}},
    ),
    (
        "an array of errors",
        {"type": "array", "minItems": 1, "maxItems": 1, "items": objects(message=TEXT)},
        [{"message": SENTENCE}],
    ),
    (
        "an array in an object",
        objects(
            errors={"type": "array", "minItems": 1, "maxItems": 1, "items": objects(detail=TEXT)}
        ),
        {"errors": [{"detail": SENTENCE}]},
    ),
    ("a text", TEXT, SENTENCE),
    ("a nullable message", objects(message={**TEXT, "nullable": True}), {"message": SENTENCE}),
    ("composed", {"allOf": [objects(message=TEXT)]}, {"message": SENTENCE}),
    (
        "a list of texts",
        objects(
            errors=objects(body={"type": "array", "minItems": 1, "maxItems": 1, "items": TEXT})
        ),
        {"errors": {"body": [SENTENCE]}},
    ),
    (
        "an optional message",
        {"type": "object", "maxProperties": 1, "properties": {"message": TEXT}},
        {"message": SENTENCE},
    ),
    (
        "one of two optional texts",
        {"type": "object", "properties": {"detail": TEXT, "message": TEXT}},
        {"message": SENTENCE},
    ),
    (
        "a required code beside it",
        objects(error=objects(code=TEXT, reason=TEXT)),
        {"error": {"code": "not_found", "reason": SENTENCE}},
    ),
    ("a choice", {"oneOf": [objects(message=TEXT), objects(detail=TEXT)]}, {"message": SENTENCE}),
    (
        "a pattern, which takes a generator",
        objects(id={"type": "string", "pattern": "^[7]{3}$"}, message=TEXT),
        {"id": "777", "message": SENTENCE},
    ),
    ("no place for a sentence", objects(ok={"type": "boolean", "enum": [False]}), {"ok": False}),
]


@pytest.mark.parametrize(("what", "schema", "expected"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_a_sentence_is_put_where_the_schema_has_a_place(
    what: str,  # noqa: ARG001 (the id of the test)
    schema: Json,
    expected: Any,
) -> None:
    """The outermost property for people holds it; the status where a number fits."""
    response = written({"404": json_content(schema)})
    assert (response.status, response.body) == (404, expected)
    assert response.media_type == "application/json"


PROBLEMS: list[Json] = [
    {"loc": ["body", "a", 0], "msg": "Field required", "type": "missing"},
    {"loc": ["query", "b"], "msg": "Input is wrong", "type": "int_parsing"},
]
ENTRY: Json = {"type": "object", "required": ["loc", "msg", "type"]}
ENTRY["properties"] = {
    "loc": {"type": "array", "items": {"anyOf": [TEXT, NUMBER]}},
    "msg": TEXT,
    "type": TEXT,
}


def optional(**properties: Json) -> Json:
    """Return the schema of an object with some properties, none of them required."""
    return {"type": "object", "properties": properties}


def arrays(items: Json) -> Json:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


ENTRIES: list[tuple[str, Json, Any]] = [
    ("FastAPI", optional(detail=arrays(ENTRY)), {"detail": PROBLEMS}),
    (
        "texts",
        optional(errors=optional(body=arrays(TEXT))),
        {"errors": {"body": ["body.a.0: Field required", "query.b: Input is wrong"]}},
    ),
    (
        "fields and codes beside a message",
        objects(message=TEXT, errors=arrays(optional(field=TEXT, message=TEXT, code=TEXT))),
        {
            "message": "body.a.0: Field required; query.b: Input is wrong",
            "errors": [
                {"field": "a.0", "message": "Field required", "code": "missing"},
                {"field": "b", "message": "Input is wrong", "code": "int_parsing"},
            ],
        },
    ),
    (
        "an array of one",
        optional(errors={**arrays(optional(message=TEXT)), "maxItems": 1}),
        {"errors": [{"message": "body.a.0: Field required"}]},
    ),
]


@pytest.mark.parametrize(
    ("what", "schema", "expected"), ENTRIES, ids=[entries[0] for entries in ENTRIES]
)
def test_problems_are_put_into_the_array_of_the_documented_error(
    what: str,  # noqa: ARG001 (the id of the test)
    schema: Json,
    expected: Any,
) -> None:
    """Each problem is an item, also where no property is required."""
    response = written({"422": json_content(schema)}, Unprocessable(PROBLEMS))
    assert (response.body, response.unsaid) == (expected, "")
    assert "Field required" in reason_of(response.reply.payload)


def test_a_sentence_is_an_item_of_a_borrowed_array() -> None:
    """FastAPI documents one error only: the others have its shape."""
    errors = {"422": json_content(optional(detail=arrays(ENTRY)))}
    entry = {"loc": ["path"], "msg": SENTENCE, "type": "value_error"}
    assert written(errors).body == {"detail": [entry]}


@pytest.mark.parametrize("response", [{}, json_content(optional(ok={"type": "boolean"}))])
def test_a_reason_that_the_body_cannot_hold_is_kept_for_a_warning(response: Json) -> None:
    """A client sees why it was refused, whatever the document says."""
    assert written({"404": response}).unsaid == SENTENCE


@pytest.mark.parametrize(
    ("code", "example", "status", "expected"),
    [
        (TEXT, "unauthenticated", 404, "not_found"),
        (TEXT, "UNAUTHENTICATED", 405, "METHOD_NOT_ALLOWED"),
        (TEXT, "NotSignedIn", 415, "UnsupportedMediaType"),
        (TEXT, "not-signed-in", 406, "not-acceptable"),
        ({**TEXT, "enum": ["no_auth", "invalid_request"]}, "no_auth", 405, "invalid_request"),
        ({**TEXT, "enum": ["no_auth", "resource_missing"]}, "no_auth", 404, "resource_missing"),
        ({**TEXT, "enum": ["no_auth"]}, "no_auth", 404, "no_auth"),
    ],
)
def test_a_borrowed_code_fits_the_status(
    code: Json, example: str, status: int, expected: str
) -> None:
    """The example of a 401 does not make another error unauthenticated."""
    schema = objects(error=objects(code=code, message=TEXT))
    value = {"error": {"code": example, "message": "Sign in."}}
    errors = {"401": json_content(schema, example=value)}
    body = {"error": {"code": expected, "message": SENTENCE}}
    assert written(errors, Refusal(status, SENTENCE)).body == body
    assert written(errors, Refusal(401, SENTENCE)).body["error"]["code"] == example


def test_an_example_is_where_a_body_starts() -> None:
    """What the schema leaves open comes from it."""
    schema = {"type": "object", "properties": {"message": TEXT}}
    example = {"message": "Nothing.", "documentation": "https://docs.example.com"}
    for place in ({"example": example}, {"examples": {"first": {"value": example}}}):
        opened = {**schema, "additionalProperties": True}
        response = written({"404": json_content(opened, **place)})
        assert response.body == {**example, "message": SENTENCE}


def test_a_broken_example_is_skipped() -> None:
    """Nothing is sent that the document does not allow."""
    response = written({"404": json_content(objects(message=TEXT), example={"message": 1})})
    assert response.body == {"message": SENTENCE}


def test_a_sentence_that_does_not_fit_leaves_the_body_valid() -> None:
    """A message of two letters is what the document wants."""
    short = objects(message={"type": "string", "maxLength": 2, "minLength": 1})
    response = written({"404": json_content(short)})
    assert 1 <= len(response.body["message"]) <= 2


def test_a_schema_that_nothing_satisfies_leaves_the_own_envelope() -> None:
    """The error is sent nevertheless."""
    impossible = {"allOf": [{"type": "string"}, {"type": "integer"}]}
    assert written({"404": json_content(impossible)}).body == {"detail": SENTENCE}


def test_a_document_without_errors_leaves_the_own_envelope() -> None:
    """FastAPI's, as everywhere in the mock."""
    response = written({})
    assert (response.body, response.media_type) == ({"detail": SENTENCE}, "application/json")


def test_a_response_without_a_body_has_none() -> None:
    """It is documented so."""
    response = written({"404": {}, "500": json_content(objects(message=TEXT))})
    assert response.media_type is None
    assert response.reply.payload == b""


def test_a_response_without_a_schema_is_any_json() -> None:
    """The sentence is there if the example has a place for it."""
    bare: Json = {"content": {"application/json": {"example": {"error": {"message": ""}}}}}
    assert written({"404": bare}).body == {"error": {"message": SENTENCE}}


def test_a_text_is_sent_as_text() -> None:
    """In its own media type."""
    response = written({"404": json_content(TEXT, "text/plain")})
    assert response.media_type == "text/plain"
    assert response.reply.payload == SENTENCE.encode()


def test_problem_details_keep_their_media_type() -> None:
    """RFC 9457."""
    problem = objects(title=TEXT, status=NUMBER)
    response = written({"404": json_content(problem, "application/problem+json")})
    assert response.body == {"title": SENTENCE, "status": 404}
    assert response.media_type == "application/problem+json"


def test_an_error_may_be_xml() -> None:
    """If the operation documents no JSON for the status."""
    xml = json_content(objects(message=TEXT), "application/xml")
    response = written({"404": xml, "500": json_content(objects(detail=TEXT))})
    assert (response.status, response.media_type) == (404, "application/xml")
    assert f"<root><message>{SENTENCE}</message></root>" in response.reply.payload.decode()
    assert reason_of(response.reply.payload) == SENTENCE
    both = {"content": {**xml["content"], **json_content(objects(message=TEXT))["content"]}}
    assert written({"404": both}).body == {"message": SENTENCE}


@pytest.mark.parametrize("key", ["4XX", "default"])
def test_classes_and_the_default_count(key: str) -> None:
    """They document every status."""
    assert written({key: json_content(objects(message=TEXT))}).body == {"message": SENTENCE}


@pytest.mark.parametrize(
    ("documented", "status"),
    [(["422"], 422), (["400"], 400), (["400", "422"], 422), ([], 422), (["default"], 422)],
)
def test_an_invalid_request_has_the_documented_status(documented: list[str], status: int) -> None:
    """FastAPI's 422 is the 400 of other APIs."""
    responses = {name: json_content(objects(message=TEXT)) for name in documented}
    problems: list[Json] = [
        {"loc": ["body", "a"], "msg": "Field required", "type": "missing"},
        {"loc": ["query", "b", 0], "msg": "Input should be a valid integer", "type": "int_parsing"},
    ]
    response = written(responses, Unprocessable(problems))
    assert response.status == status
    if documented:
        assert response.body["message"] == (
            "body.a: Field required; query.b.0: Input should be a valid integer"
        )


@pytest.mark.parametrize("here", ["4XX", "default", "404"])
@pytest.mark.parametrize(
    ("there", "status"), [(["400"], 400), (["422"], 422), (["400", "422"], 422), (["404"], 422)]
)
def test_an_open_status_is_the_usual_one_of_the_document(
    here: str, there: list[str], status: int
) -> None:
    """A range or a default leaves the status open: other operations show what is meant."""
    others = {"200": {}, **{name: json_content(objects(message=TEXT)) for name in there}}
    problem = Unprocessable([{"loc": ["query", "n"], "msg": "Wrong", "type": "int_parsing"}])
    response = written({here: json_content(objects(title=TEXT))}, problem, others=others)
    assert response.status == status


@pytest.mark.parametrize(
    ("documented", "status"),
    [(["403"], 403), (["401", "403"], 401), (["403", "default"], 401), (["4XX", "403"], 401)],
)
def test_missing_credentials_have_the_documented_status(documented: list[str], status: int) -> None:
    """It is a 401, unless the operation documents a 403 alone."""
    responses = {name: json_content(objects(message=TEXT)) for name in documented}
    assert written(responses, Refusal(401, SENTENCE)).status == status


def test_an_undocumented_status_borrows_the_shape_of_the_nearest_error() -> None:
    """Of that status elsewhere, else of the operation, else of the document."""
    here = {"401": json_content(objects(title=TEXT))}
    there = {
        "200": {},
        "404": json_content(objects(message=TEXT)),
        "409": json_content(objects(msg=TEXT)),
    }
    assert written(here, Refusal(404, SENTENCE), others=there).body == {"message": SENTENCE}
    assert written(here, Refusal(503, SENTENCE), others=there).body == {"title": SENTENCE}
    assert written({}, Refusal(503, SENTENCE), others=there).body == {"message": SENTENCE}


def test_a_default_that_is_the_only_response_is_no_error() -> None:
    """It documents the success."""
    only = {"default": json_content(objects(text=TEXT))}
    assert written({}, is_known=False, others=only).body == {"detail": SENTENCE}


def test_an_unknown_path_has_the_404_of_the_document() -> None:
    """Whatever operation documents it."""
    responses = {
        "400": json_content(objects(message=TEXT)),
        "404": json_content(objects(detail=TEXT)),
    }
    assert written(responses, is_known=False).body == {"detail": SENTENCE}


def test_headers_are_kept() -> None:
    """Such as ``WWW-Authenticate``."""
    headers = [(b"www-authenticate", b"Bearer")]
    assert written({}, Refusal(401, SENTENCE, headers)).headers == headers


@pytest.mark.parametrize("media_type", ["*/*", "application/*"])
def test_an_error_of_any_media_type_is_json(media_type: str) -> None:
    """Spring documents its errors as ``*/*``."""
    responses = {"default": json_content(objects(message=TEXT), media_type)}
    error = written(responses)
    assert (error.body, error.media_type) == ({"message": SENTENCE}, "application/json")


def test_an_error_of_any_form_says_what_is_wrong() -> None:
    """A schema that allows every value is no reason to send null."""
    error = written({"404": json_content({})})
    assert error.body == {"detail": SENTENCE}
