"""What guides find in the reference: operations, guides, responses and headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from mockserver.docs import fields
from mockserver.docs.guide_search import Entry, part
from mockserver.docs.guide_text import excerpt, parse
from mockserver.docs.html_text import summary
from mockserver.docs.keywords import Keywords
from mockserver.docs.model import Operation, Reference

_MAX_FIELDS = 24
_MAX_WORDS = 200


def entry(reference: Reference, page: str) -> Entry:
    """Return the entry of the reference, whose page has an address."""
    return [f"{reference.title} reference", page, "", "", list(_parts(reference))]


def _parts(reference: Reference) -> Iterator[list[str]]:
    statuses: defaultdict[str | None, dict[str, None]] = defaultdict(dict)
    for operation in reference.operations:
        names = " ".join(dict.fromkeys(_names(reference, operation)))
        title = operation.summary or operation.heading
        about = f"{operation.heading} {summary(operation.description or '')}".strip()
        yield part(title, operation.operation_id or "", names, about, operation.anchor)
        for documented in operation.responses:
            statuses[documented.response.anchor][documented.status] = None
    yield from _guides(reference)
    for response in reference.responses:
        if response.anchor:
            known = " ".join(statuses[response.anchor])
            about = summary(response.description)
            title = f"{response.name or ''} {known}".strip()
            yield part(title, "", "", about, response.anchor)
    for header in reference.headers:
        if header.anchor:
            yield part(header.name, "", "", summary(header.description or ""), header.anchor)


def _guides(reference: Reference) -> Iterator[list[str]]:
    texts = {guide: parse(guide.text) for guide in reference.guides if not guide.is_internal}
    keywords = Keywords(texts.values())
    for guide, blocks in texts.items():
        found = " ".join(keywords.of(blocks, guide.title, _MAX_WORDS))
        yield part(guide.title, "", found, excerpt(blocks), guide.anchor)


def _names(reference: Reference, operation: Operation) -> list[str]:
    """Return the names of parameters and of the outer fields of bodies."""
    bodies = [operation.body, *(entry.response for entry in operation.responses[:1])]
    schemas = [
        body.json.schema for body in bodies if body and body.json and body.json.schema is not None
    ]
    found = [parameter.name for parameter in operation.parameters]
    found += [field.path for schema in schemas for field in fields.of(reference, schema)]
    return found[:_MAX_FIELDS]
