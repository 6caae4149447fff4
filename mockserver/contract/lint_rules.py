"""The rules of ``mockserver contract lint`` for operations, parameters, components and words."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from keyword import kwlist

from mockserver.contract import lint_schema_rules
from mockserver.contract.lint import Rule, Subject, texts
from mockserver.contract.parts import Part
from mockserver.contract.provenance import nearest
from mockserver.engine import examples
from mockserver.openapi import paths
from mockserver.openapi.problems import Pointer

Found = Iterator[tuple[Pointer, str]]

_STYLES = {
    "snake_case": re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*"),
    "camelCase": re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)*"),
    "PascalCase": re.compile(r"([A-Z][a-z0-9]*)+"),
    "kebab-case": re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"),
}
_MOCK = re.compile(r"\b(?:mock(?:ed|s|server)?|stub(?:bed)?|localhost|127\.0\.0\.1)\b", re.I)
_END_OF_SENTENCE = re.compile(r"[.!?:|)`*\]>]\s*$")
_BEGIN = re.compile(r"[^a-z]|[a-z]+[A-Z_0-9]")
BUILT_INS = frozenset(
    {
        *(name for name in dir(builtins) if name[0].isupper()),
        *(name.title() for name in kwlist),
        *("Any", "Array", "Awaited", "BigInt", "Blob", "Boolean", "Class", "Date", "Decimal"),
        *("Dict", "Document", "Enum", "Error", "Event", "Exclude", "Extract", "File", "FormData"),
        *("Function", "Headers", "Intl", "Iterable", "Iterator", "JSON", "List", "Literal"),
        *("Location", "Lowercase", "Map", "Math", "NonNullable", "Notification", "Number"),
        *("Object", "Omit", "Option", "Optional", "Parameters", "Partial", "Path", "Pick"),
        *("Promise", "Proxy", "Readonly", "Record", "RegExp", "Request", "Required", "Response"),
        *("Result", "ReturnType", "Set", "String", "Symbol", "Thread", "Tuple", "Type", "URL"),
        *("UUID", "Union", "Uppercase", "WeakMap", "WeakSet", "Window"),
    }
)
"""Names of Python, JavaScript, TypeScript and Java that a generated class would shadow."""
_PROVENANCES = frozenset({"documented", "observed", "assumed"})
_MARKS = ("x-provenance", "x-description-provenance")


def _document(subject: Subject) -> Found:
    for warning in subject.contract.problems.warnings:
        yield warning.pointer, warning.problem


def _operation_id(subject: Subject) -> Found:
    names = [operation.operation_id for operation, _ in subject.operations]
    style = _style_of(names)
    for operation, part in subject.operations:
        name = operation.operation_id
        if style is not None and not _STYLES[style].fullmatch(name):
            yield part.place("operationId"), f"'{name}' is not {style}, as most others are"


def _style_of(names: Sequence[str]) -> str | None:
    """Return the style of most names; None if they have none."""
    counts = Counter(
        style for name in names for style, form in _STYLES.items() if form.fullmatch(name)
    )
    return counts.most_common(1)[0][0] if counts else None


def _operation_summary(subject: Subject) -> Found:
    for _, part in subject.operations:
        summary = part.object.get("summary")
        if not summary:
            yield part.at, "has no summary"
        elif str(summary).endswith("."):
            yield part.place("summary"), "is a title, so it has no period at its end"
        if not part.object.get("description"):
            yield part.at, "has no description"


def _operation_tag(subject: Subject) -> Found:
    declared = {
        str(tag.get("name")): index
        for index, tag in enumerate(subject.root.object.get("tags") or ())
    }
    for _, part in subject.operations:
        tags = part.object.get("tags") or []
        if not tags:
            yield part.at, "has no tag"
        for index, tag in enumerate(tags):
            if tag not in declared:
                yield part.place("tags", index), f"the tag '{tag}' is not declared"
    for name, index in declared.items():
        part = subject.root.get("tags", index)
        if not part.object.get("description"):
            yield part.at, f"the tag '{name}' has no description"


def _operation_security(subject: Subject) -> Found:
    if "security" in subject.root.object:
        return
    for _, part in subject.operations:
        if "security" not in part.object:
            yield part.at, "has no security; an empty list says that none is needed"


def _success_response(subject: Subject) -> Found:
    for _, part in subject.operations:
        statuses = part.get("responses").object
        if not any(status[:1] in "23d" for status in statuses):
            yield part.place("responses"), "has no response of success"


def _error_responses(subject: Subject) -> Found:
    for operation, part in subject.operations:
        statuses = set(part.get("responses").object)
        at = part.place("responses")
        if statuses & {"default", "4XX"}:
            continue
        if all(operation.security) and operation.security and not statuses & {"401", "403"}:
            yield at, "takes credentials, but has no 401 or 403"
        sends = bool(operation.parameters) or "requestBody" in part.object
        if sends and not statuses & {"400", "404", "422"}:
            yield at, "takes parameters or a body, but has no 400, 404 or 422"
        if "{" in operation.path and not statuses & {"404", "410", "422"}:
            yield at, "has a parameter in its path, but no 404, 410 or 422"


def _path_style(subject: Subject) -> Found:
    names = [
        name
        for operation, _ in subject.operations
        for name in paths.TEMPLATE.findall(operation.path)
    ]
    style = _style_of(names)
    for path in subject.root.get("paths").object:
        if path != "/" and path.endswith("/"):
            yield ("paths", path), "ends with a slash"
        for name in paths.TEMPLATE.findall(path):
            if style is not None and not _STYLES[style].fullmatch(name):
                yield ("paths", path), f"'{name}' is not {style}, as most others are"


def _parameter_description(subject: Subject) -> Found:
    for operation, part in subject.operations:
        for parameter in subject.parameters(operation, part):
            if not parameter.object.get("description"):
                yield parameter.at, f"the parameter '{parameter.object.get('name')}' has none"
        responses = part.get("responses")
        for status in responses.object:
            headers = responses.get(status).followed().get("headers")
            for name in headers.object:
                header = headers.get(name).followed()
                if not header.object.get("description"):
                    yield header.at, f"the header '{name}' has none"


def _description_sentence(subject: Subject) -> Found:
    for place, part in subject.objects:
        is_label = part.at[:1] == ("servers",) or _is_quoted(subject, part)
        if is_label or (place is not None and place[1] in ("info", "mapping", "scopes")):
            continue
        for keyword, text in texts(part, "description"):
            words = text.strip()
            at = part.place(keyword)
            if not words:
                yield at, "is empty"
            elif not _BEGIN.match(words):
                yield at, "begins with a small letter"
            elif not _END_OF_SENTENCE.search(words):
                yield at, "ends without a period"


def _is_quoted(subject: Subject, part: Part) -> bool:
    """Return whether the description of a parameter or a sent property is the vendor's own."""
    is_sent = "in" in part.object or id(part.node) in subject.sent
    if not is_sent or _MARKS[1] in part.object:
        return False
    return nearest(subject.root.object, part.at)[0] == "documented"


def _no_mock(subject: Subject) -> Found:
    for _, part in subject.objects:
        if part.at[:1] not in (("paths",), ("components",), ("webhooks",)):
            continue
        for keyword, text in texts(part, "description", "summary", "title"):
            if found := _MOCK.search(text):
                yield part.place(keyword), f"speaks of '{found[0]}'"


def _shadowed_name(subject: Subject) -> Found:
    for name in subject.root.get("components", "schemas").object:
        if name in BUILT_INS:
            yield ("components", "schemas", name), f"'{name}' is a built-in name of a language"


def _unused_component(subject: Subject) -> Found:
    used = {part.reference for _, part in subject.objects if part.reference is not None} | _mapped(
        subject
    )
    components = subject.root.get("components")
    for kind in components.object:
        if kind == "securitySchemes" or kind.startswith("x-"):
            continue
        for name in components.get(kind).object:
            escaped = name.replace("~", "~0").replace("/", "~1")
            if f"#/components/{kind}/{escaped}" not in used:
                yield ("components", kind, name), f"'{name}' is not used"


def _mapped(subject: Subject) -> set[str]:
    """Return the references of discriminators."""
    return {
        str(value) if str(value).startswith("#") else f"#/components/schemas/{value}"
        for _, part in subject.objects
        for value in part.get("discriminator", "mapping").object.values()
    }


def _provenance(subject: Subject) -> Found:
    for _, part in subject.objects:
        for mark in _MARKS:
            value = part.object.get(mark)
            if value is not None and value not in _PROVENANCES:
                yield part.place(mark), f"'{value}' is none of {', '.join(sorted(_PROVENANCES))}"
        if _MARKS[1] in part.object and "description" not in part.object:
            yield part.place(_MARKS[1]), "marks a description that is not there"


def _valid_example(subject: Subject) -> Found:
    for problem in examples.example_problems(subject.contract):
        yield problem.pointer, problem.problem
    contract = subject.contract
    for operation, part in subject.operations:
        content = part.get("requestBody").followed().get("content")
        bodies = [content.get(name) for name in content.object]
        for owner in (*bodies, *subject.parameters(operation, part)):
            schema = owner.object.get("schema")
            if not isinstance(schema, dict):
                continue
            for example in examples.examples_of(contract, owner.object, owner.at):
                for error in contract.validator(schema).iter_errors(example.value):
                    yield example.pointer, f"breaks its schema: {error.message}"
                    break


RULES: tuple[Rule, ...] = (
    Rule(
        "document",
        "The document has nothing that `mockserver check` warns of.",
        _document,
    ),
    Rule(
        "operation-id",
        "Every operationId has the style of most others.",
        _operation_id,
    ),
    Rule(
        "operation-summary",
        "Every operation has a summary, which is no sentence, and a description.",
        _operation_summary,
    ),
    Rule(
        "operation-tag",
        "Every operation has a tag, and every tag is declared with a description.",
        _operation_tag,
    ),
    Rule(
        "operation-security",
        "Every operation says which credentials it takes, be it none.",
        _operation_security,
    ),
    Rule(
        "success-response",
        "Every operation documents what it responds if all goes well.",
        _success_response,
    ),
    Rule(
        "error-responses",
        "Every operation documents its errors: 401 with security, 4xx where something is sent.",
        _error_responses,
    ),
    Rule(
        "path-style",
        "No path ends with a slash, and the names of path parameters have one style.",
        _path_style,
    ),
    Rule(
        "parameter-description",
        "Every parameter and every response header has a description.",
        _parameter_description,
    ),
    Rule(
        "description-sentence",
        "Every description of our own is made of sentences: a capital first, a period last.",
        _description_sentence,
    ),
    Rule(
        "no-mock",
        "No operation, parameter, response or schema speaks of a mock: the document is the API's.",
        _no_mock,
    ),
    Rule(
        "shadowed-name",
        "No component schema has the name of something that programming languages have.",
        _shadowed_name,
    ),
    Rule(
        "unused-component",
        "Every component is used.",
        _unused_component,
    ),
    Rule(
        "provenance",
        "Every mark of provenance is documented, observed or assumed, and stands by a description.",
        _provenance,
    ),
    Rule(
        "valid-example",
        "Every example satisfies its schema.",
        _valid_example,
    ),
    *lint_schema_rules.RULES,
)
"""All rules."""
