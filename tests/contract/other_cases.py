"""The smallest pairs of documents for each kind of change that is not one of a schema alone."""

from __future__ import annotations

from typing import Any

from tests.contract.documents import (
    JSON,
    Json,
    body,
    document,
    having,
    header,
    operation,
    parameter,
    response,
)
from tests.contract.security_cases import SECURITY_CASES, both

Case = tuple[Json, Json]
_TEXT = {"type": "string"}
_DEFAULT = {"type": "string", "default": "a"}
_SOON, _LATER, _PAST = "2098-01-01", "2099-01-01", "2020-01-01"
_OLD: Json = {"deprecated": True}


def _removable(name: str, parse: str, present: Any, absent: Json) -> dict[str, Case]:
    """Return the cases of a part that is removed with or without deprecation."""
    return {
        f"{name}-removed-with-deprecation": (present(**_OLD), absent),
        f"{name}-removed-before-sunset": (present(**_OLD, sunset=_LATER), absent),
        parse: (present(**_OLD, sunset="soon"), absent),
    }


def _mutability(direction: str, place: Any) -> dict[str, Case]:
    """Return the cases of properties that become read-only or write-only, or are it no more."""
    cases: dict[str, Case] = {}
    for word, required in (("required", ["p"]), ("optional", [])):
        for mark, keyword in (("read-only", "readOnly"), ("write-only", "writeOnly")):
            plain = place(having(_TEXT, *required))
            marked = place(having({**_TEXT, keyword: True}, *required))
            start = f"{direction}-{word}-property-became"
            cases |= both(plain, marked, f"{start}-{mark}", f"{start}-not-{mark}")
    return cases


def _hidden(schema: Json) -> Json:
    return {**schema, "writeOnly": True}


def _item_level(**fields: Any) -> Json:
    named = {"name": "p", "in": "query", "schema": _TEXT, **fields}
    return document(paths={"/x": {"parameters": [named], "post": operation()}})


def _two(**fields: Any) -> Json:
    item = {"post": operation(), "put": operation(operationId="y", **fields)}
    return document(paths={"/x": item})


def _content(*names: str, request: bool = False, **media: Any) -> Json:
    content = dict.fromkeys(names, media)
    if request:
        return document(operation(requestBody={"content": content}))
    return document(operation(responses={"200": {"description": "Done.", "content": content}}))


def _statuses(*statuses: str) -> Json:
    return document(operation(responses={status: {"description": "x"} for status in statuses}))


def _version(number: str, *, is_new: bool) -> Json:
    done = body(having(_TEXT) if is_new else {"type": "array"})
    return {**done, "info": {"title": "Things", "version": number}}


_HOOK: Json = {"post": {"operationId": "h", "responses": {"200": {"description": "Done."}}}}
_NO_ID = {key: value for key, value in operation().items() if key != "operationId"}

OTHER_CASES: dict[str, Case] = {
    # properties
    "new-required-request-property": (body({"type": "object"}), body(having(_TEXT, "p"))),
    "new-required-request-property-with-default": (
        body({"type": "object"}),
        body(having(_DEFAULT, "p")),
    ),
    **both(
        body({"type": "object"}),
        body(having(_TEXT)),
        "new-optional-request-property",
        "request-property-removed",
    ),
    "new-required-request-header-property": (
        parameter({"type": "object"}, "header"),
        parameter(having(_TEXT, "p"), "header"),
    ),
    **both(
        body(having(_TEXT)),
        body(having(_TEXT, "p")),
        "request-property-became-required",
        "request-property-became-optional",
    ),
    "request-property-became-required-with-default": (
        body(having(_DEFAULT)),
        body(having(_DEFAULT, "p")),
    ),
    "request-header-property-became-required": (
        parameter(having(_TEXT), "header"),
        parameter(having(_TEXT, "p"), "header"),
    ),
    **both(
        response({"type": "object"}),
        response(having(_TEXT)),
        "response-optional-property-added",
        "response-optional-property-removed",
    ),
    **both(
        response({"type": "object"}),
        response(having(_TEXT, "p")),
        "response-required-property-added",
        "response-required-property-removed",
    ),
    **both(
        response({"type": "object"}),
        response(having(_hidden(_TEXT))),
        "response-optional-write-only-property-added",
        "response-optional-write-only-property-removed",
    ),
    **both(
        response({"type": "object"}),
        response(having(_hidden(_TEXT), "p")),
        "response-required-write-only-property-added",
        "response-required-write-only-property-removed",
    ),
    **both(
        response(having(_TEXT)),
        response(having(_TEXT, "p")),
        "response-property-became-required",
        "response-property-became-optional",
    ),
    **both(
        response(having(_hidden(_TEXT))),
        response(having(_hidden(_TEXT), "p")),
        "response-write-only-property-became-required",
        "response-write-only-property-became-optional",
    ),
    **_mutability("request", body),
    **_mutability("response", response),
    # request bodies
    **both(
        document(operation()),
        body(_TEXT),
        "request-body-added-optional",
        "request-body-removed",
    ),
    "request-body-added-required": (document(operation()), body(_TEXT, required=True)),
    **both(
        body(_TEXT),
        body(_TEXT, required=True),
        "request-body-became-required",
        "request-body-became-optional",
    ),
    **both(
        _content(JSON, request=True),
        _content(JSON, "text/plain", request=True),
        "request-body-media-type-added",
        "request-body-media-type-removed",
    ),
    **both(
        body(None),
        body(_TEXT),
        "request-body-media-type-schema-added",
        "request-body-media-type-schema-removed",
    ),
    **both(
        response(None),
        response(_TEXT),
        "response-body-media-type-schema-added",
        "response-body-media-type-schema-removed",
    ),
    **both(
        _content("application/jsonl", request=True),
        _content("application/jsonl", request=True, itemSchema=_TEXT),
        "request-body-media-type-item-schema-added",
        "request-body-media-type-item-schema-removed",
    ),
    **both(
        _content("application/jsonl", schema=_TEXT),
        _content("application/jsonl", schema=_TEXT, itemSchema=_TEXT),
        "response-body-media-type-item-schema-added",
        "response-body-media-type-item-schema-removed",
    ),
    "response-body-media-type-item-schema-removed-untyped": (
        _content("application/jsonl", itemSchema=_TEXT),
        _content("application/jsonl"),
    ),
    # parameters
    **both(
        document(operation()),
        parameter(_TEXT),
        "new-optional-request-parameter",
        "request-parameter-removed",
    ),
    **_removable(
        "request-parameter",
        "request-parameter-sunset-parse",
        lambda **fields: parameter(_TEXT, **fields),
        document(operation()),
    ),
    "new-required-request-parameter": (
        document(operation()),
        parameter(_TEXT, required=True),
    ),
    "new-required-request-default-parameter-to-existing-path": (
        document(operation()),
        _item_level(required=True),
    ),
    "new-optional-request-default-parameter-to-existing-path": (
        document(operation()),
        _item_level(),
    ),
    **both(
        parameter(_TEXT),
        parameter(_TEXT, required=True),
        "request-parameter-became-required",
        "request-parameter-became-optional",
    ),
    **both(
        parameter(_TEXT),
        parameter(_TEXT, **_OLD),
        "request-parameter-deprecated",
        "request-parameter-reactivated",
    ),
    "request-parameter-deprecated-sunset-missing": (parameter(_TEXT), parameter(_TEXT, **_OLD)),
    "request-parameter-sunset-date-too-small": (
        parameter(_TEXT),
        parameter(_TEXT, **_OLD, sunset=_PAST),
    ),
    "request-parameter-sunset-deleted": (
        parameter(_TEXT, **_OLD, sunset=_LATER),
        parameter(_TEXT, **_OLD),
    ),
    "request-parameter-sunset-date-changed-too-small": (
        parameter(_TEXT, **_OLD, sunset=_LATER),
        parameter(_TEXT, **_OLD, sunset=_PAST),
    ),
    # responses
    **both(
        _statuses("200"),
        _statuses("200", "201"),
        "response-success-status-added",
        "response-success-status-removed",
    ),
    **both(
        _statuses("200"),
        _statuses("200", "404"),
        "response-non-success-status-added",
        "response-non-success-status-removed",
    ),
    **both(
        _content(JSON),
        _content(JSON, "text/plain"),
        "response-media-type-added",
        "response-media-type-removed",
    ),
    "response-media-type-name-changed": (_content("text/csv; v=1"), _content("text/csv; v=2")),
    **both(
        _content("application/problem+json"),
        _content(JSON),
        "response-media-type-name-generalized",
        "response-media-type-name-specialized",
    ),
    **both(
        document(operation()),
        header(_TEXT),
        "response-header-added",
        "optional-response-header-removed",
    ),
    "required-response-header-removed": (header(_TEXT, required=True), document(operation())),
    "response-header-became-optional": (header(_TEXT, required=True), header(_TEXT)),
    # operations
    **both(document(operation()), _two(), "endpoint-added", "api-removed-without-deprecation"),
    "api-path-removed-without-deprecation": (document(operation()), document()),
    **_removable(
        "api-path",
        "api-path-sunset-parse",
        lambda **fields: document(operation(**fields)),
        document(),
    ),
    **_removable("api", "", _two, document(operation())),
    **both(
        document(operation()),
        document(operation(**_OLD)),
        "endpoint-deprecated",
        "endpoint-reactivated",
    ),
    "endpoint-deprecated-with-sunset": (
        document(operation()),
        document(operation(**_OLD, sunset=_LATER)),
    ),
    "api-deprecated-sunset-missing": (document(operation()), document(operation(**_OLD))),
    "api-deprecated-sunset-parse": (
        document(operation()),
        document(operation(**_OLD, sunset="soon")),
    ),
    "api-sunset-date-too-small": (
        document(operation()),
        document(operation(**_OLD, sunset=_PAST)),
    ),
    "sunset-deleted": (
        document(operation(**_OLD, sunset=_LATER)),
        document(operation(**_OLD)),
    ),
    "api-sunset-date-changed-too-small": (
        document(operation(**_OLD, sunset=_LATER)),
        document(operation(**_OLD, sunset=_PAST)),
    ),
    **both(
        document(operation(**{"x-stability-level": "beta"})),
        document(operation()),
        "api-stability-increased",
        "api-stability-decreased",
    ),
    "api-invalid-stability-level": (
        document(operation()),
        document(operation(**{"x-stability-level": "shaky"})),
    ),
    **both(
        document(_NO_ID),
        document(operation()),
        "api-operation-id-added",
        "api-operation-id-removed",
    ),
    **both(
        document(operation()),
        document(operation(tags=["a"])),
        "api-tag-added",
        "api-tag-removed",
    ),
    "api-schema-removed": (
        document(operation(), components={"schemas": {"A": _TEXT}}),
        document(operation()),
    ),
    **both(
        document(operation(), webhooks={}),
        document(operation(), webhooks={"h": _HOOK}),
        "webhook-added",
        "webhook-removed",
    ),
    "api-version-not-bumped": (_version("1.2.3", is_new=False), _version("1.2.3", is_new=True)),
    "api-version-decreased": (_version("1.2.3", is_new=False), _version("1.2.2", is_new=True)),
    "api-major-version-not-bumped": (
        _version("1.2.3", is_new=False),
        _version("1.3.0", is_new=True),
    ),
    **SECURITY_CASES,
}
"""The old and the new document, by the id of the check."""
OTHER_CASES.pop("", None)
