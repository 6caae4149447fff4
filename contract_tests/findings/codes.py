"""The codes of causes: a headline, what it means, and how to settle it.

In headlines ``{subject}`` is what tells causes of one code apart, ``{names}`` are the fields that
the findings are about, ``{stories}`` the stories and races that found them, and ``{places}``,
``{operations}`` and ``{responses}`` are counts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One kind of cause."""

    headline: str
    meaning: str
    remedy: str


_TO_LEARN = "If it is intended, accept it with --learn overlay.yaml, or change the contract."
_TO_MEND = "Mend the deployment: its clients rely on the contract."
_BOOKS = (
    "Read the steps of the finding, and compare the two responses that it names. The deployment "
    "contradicts itself, so one of the two is wrong whatever the contract says."
)

CODES: dict[str, Code] = {
    "accepts-any-body": Code(
        "accepts bodies that are not valid JSON ({subject}): {places}",
        "A request body that is no JSON, such as one with NaN, or that has another media type, is "
        "accepted. Many frameworks read such bodies.",
        _TO_LEARN,
    ),
    "accepts-any-text": Code(
        "does not check the {subject} of texts in requests: {places}",
        "A text that breaks its format or pattern is accepted.",
        _TO_LEARN,
    ),
    "accepts-invalid": Code(
        "accepts what the contract forbids: {names} ({keywords})",
        "A request that breaks a constraint of the contract, such as a minimum or a required "
        "field, succeeds.",
        _TO_MEND,
    ),
    "allow": Code(
        "405 responses have no correct Allow header: {places}",
        "HTTP wants a 405 to list the methods of its path in the header Allow.",
        _TO_LEARN,
    ),
    "audit": Code(
        "the audit log does not show changes as the contract describes ({subject}): {places}",
        "A change that was made is not in the audit log under its name, or an entry is there that "
        "nothing accounts for.",
        "Ask which changes the audit log is meant to have. " + _TO_LEARN,
    ),
    "coerces-types": Code(
        "coerces JSON types: {places}",
        'A value of another JSON type is accepted and converted, such as the text "1" for an '
        "integer. Pydantic does so unless it is strict.",
        _TO_LEARN,
    ),
    "display": Code(
        "a display text is not that of its amount: {operations}, {rule}",
        "A text for people, such as $12.34, shows another amount than the number beside it.",
        _BOOKS,
    ),
    "error-media-type": Code(
        "errors are {subject}: {responses}",
        "Error responses have another media type than the contract documents.",
        _TO_LEARN,
    ),
    "error-shape": Code(
        "error body is {subject}: {responses}",
        "Error responses have another shape than the contract documents. One exception handler "
        "writes all of them.",
        _TO_LEARN,
    ),
    "extra-fields": Code(
        "responses have fields that the contract lacks ({names}): {places}",
        "The deployment sends more than the contract declares. Clients that ignore unknown fields "
        "are not affected.",
        "Add the fields to the contract, or accept them with --learn overlay.yaml.",
    ),
    "fields-left-out": Code(
        "leaves out fields whose presence is not documented ({names}): {places}",
        "The contract requires these fields, but the published page does not show them.",
        _TO_LEARN,
    ),
    "head": Code(
        "HEAD differs from GET ({subject}): {places}",
        "A HEAD request should have the status and headers of the GET.",
        _TO_LEARN,
    ),
    "header-value": Code(
        "header {subject} has an unexpected value: {places}",
        "A response header breaks its schema, or contradicts the body.",
        _TO_LEARN,
    ),
    "key-not-needed": Code(
        "{subject} responds without a valid key",
        "A request without a key, or with a key that is none, succeeds.",
        "Mend the deployment at once: anyone can call the operation.",
    ),
    "key-refused": Code(
        "{subject} refuses a valid key",
        "A request with the key of the run is refused with 401.",
        "Check whether the key has been revoked or lacks a permission.",
    ),
    "malformed-body": Code(
        "responses are not valid JSON ({subject}): {operations}",
        "A response that is declared as JSON cannot be parsed.",
        _TO_MEND,
    ),
    "media-type": Code(
        "responses are {subject}: {places}",
        "A successful response has another media type than the contract documents.",
        _TO_MEND,
    ),
    "missing-field": Code(
        "{names} is missing: {places}",
        "A response lacks a field that is documented.",
        _TO_MEND,
    ),
    "missing-header": Code(
        "no {subject} headers: {responses}",
        "Responses lack headers that the contract requires.",
        _TO_LEARN,
    ),
    "money": Code(
        "amounts do not add up: {operations}, {rule}",
        "A sum, a chain of entries or a total contradicts another response.",
        _BOOKS,
    ),
    "no-response": Code(
        "there is no complete response ({subject}): {operations}",
        "The connection was closed, reset or silent until --timeout. Safe requests were repeated "
        "once.",
        "Look at the deployment and at what is in front of it.",
    ),
    "not-the-api": Code(
        "responses that are not the API's ({subject}): {responses}",
        "A firewall, a gateway or a login page responded instead of the API, usually with HTML. "
        "These responses are not judged.",
        "Allow the kit's address or its requests in front of the API, or see --header and --auth.",
    ),
    "null-value": Code(
        "{names} can be null: {places}",
        "A field is null although the contract does not declare it nullable.",
        _TO_LEARN,
    ),
    "order": Code(
        "lists are not newest first: {places}",
        "The entries of a list, or the pages of it, come in another order.",
        _TO_LEARN,
    ),
    "other-refusal": Code(
        "refuses invalid requests with {subject}: {places}",
        "An invalid request is refused with another status than the contract documents.",
        _TO_LEARN,
    ),
    "other-refusal-of-keys": Code(
        "refuses missing and unknown keys with {subject}, not 401: {responses}",
        "Requests without a valid key are refused, but with another status.",
        _TO_LEARN,
    ),
    "pagination": Code(
        "pages of a list are inconsistent: {operations}, {rule}",
        "The total, has_more or the entries of a page contradict the other pages.",
        _BOOKS,
    ),
    "secret": Code(
        "a response discloses a key: {operations}",
        "A response contains an API key that its request did not send in its URL or body.",
        "Mend the deployment, and replace the key.",
    ),
    "server-error": Code(
        "{subject} fails with a server error: {responses}",
        "A request ends with a status of 500 or more.",
        _TO_MEND,
    ),
    "stack-trace": Code(
        "errors show a stack trace: {operations}",
        "The body of an error shows the inside of the server: files, lines, names of libraries.",
        "Switch the debug mode off, and mend what raised the exception.",
    ),
    "state": Code(
        "a response contradicts an earlier one: {operations}, {rule}",
        "A change is lost or doubled, or a view changed although nothing was changed.",
        _BOOKS,
    ),
    "story": Code(
        "{stories}: not as expected after '{subject}' ({operations})",
        "A story, which is a sequence of requests written by hand, does not have the result that "
        "its rule states.",
        "Read the rule and the steps. " + _TO_LEARN,
    ),
    "tenant": Code(
        "accounts are not isolated: {operations}, {rule}",
        "One account reads or changes the data of another.",
        "Mend the deployment at once.",
    ),
    "text-format": Code(
        "texts have another format ({names}): {places}",
        "A text of a response breaks its format or pattern. One serializer writes all of them.",
        _TO_LEARN,
    ),
    "time": Code(
        "times do not fit each other ({subject}): {operations}",
        "A time is before one that it must follow, or a period has another length than a month.",
        _TO_LEARN,
    ),
    "undeclared-request": Code(
        "responds with {subject}: {places}",
        "An undeclared method or path is refused with another status than 405 or 404, or accepted.",
        _TO_LEARN,
    ),
    "undocumented-status": Code(
        "responds with {subject}, which is not documented: {operations}",
        "An operation has a status that the contract does not declare for it.",
        _TO_LEARN,
    ),
    "unnamed-problem": Code(
        "422 responses do not name the invalid field: {places}",
        "The entries of a 422 have no loc of the field that is wrong.",
        _TO_LEARN,
    ),
    "usage": Code(
        "views of the usage contradict one another: {operations}, {rule}",
        "Counts, sums or days of the usage differ between views.",
        _BOOKS,
    ),
    "valid-refused": Code(
        "refuses valid requests: {operations}, {rule}",
        "A request that the contract allows is refused for its form.",
        _TO_MEND + " Or narrow the contract.",
    ),
    "value": Code(
        "{names} breaks its {keywords}: {places}",
        "A value in a response breaks a constraint, such as an enum or a minimum.",
        _TO_LEARN,
    ),
    "value-type": Code(
        "{names} has another type: {places}",
        "A value in a response has another JSON type than the contract declares.",
        _TO_LEARN,
    ),
}

OTHER = Code(
    "{code}: {operations}, {rule}",
    "A finding of a check of Schemathesis that has no description here.",
    "Read the finding. " + _TO_LEARN,
)


def code_of(name: str) -> Code:
    """Return the description of a code."""
    return CODES.get(name, OTHER)
