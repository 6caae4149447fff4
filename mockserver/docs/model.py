"""The content of the reference pages as plain data.

``reader`` creates it from a document; one module for each format writes it. A shared schema occurs
once, in ``Reference.schemas``; other parts refer to it by name. The model is therefore as large as
the document, and cycles are harmless.

Provenance: ``mark`` is the ``x-provenance`` of the part itself, or None. ``provenance`` is the
effective one: its own mark, or that of the nearest enclosing part. ``description_mark`` is the
provenance of the description if it differs, ``type_mark`` that of a property's type. Documents
without marks have None everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal


class Missing(Enum):
    """The absence of a value, where null would be a value."""

    VALUE = "missing"


MISSING: Final = Missing.VALUE
Json = Any
Location = Literal["path", "query", "header", "cookie"]
LOCATIONS: tuple[Location, ...] = ("path", "query", "header", "cookie")
DOCUMENTED = "documented"


# --- schemas


@dataclass(frozen=True, slots=True)
class Schema:
    """The constraints of a value."""

    name: str | None = None
    """The shared schema that this one refers to. Siblings of the reference are kept here."""
    types: tuple[str, ...] = ()
    """Empty for any type. ``null`` is not included: see ``nullable``."""
    nullable: bool = False
    title: str | None = None
    description: str | None = None
    description_mark: str | None = None
    mark: str | None = None
    format: str | None = None
    bounds: tuple[str, ...] = ()
    """In words: ``at least 1``, ``at most 255 characters``."""
    minimum: int | None = None
    """The smallest integer that is allowed, or None."""
    maximum: int | None = None
    """The largest integer that is allowed, or None."""
    unit: str | None = None
    """The unit of an amount by ``x-unit``: ``cents``, ``microcents``, or another."""
    pattern: str | None = None
    enum: tuple[Json, ...] | None = None
    default: Json = MISSING
    examples: tuple[Json, ...] = ()
    deprecated: bool = False
    read_only: bool = False
    write_only: bool = False
    properties: tuple[Property, ...] = ()
    items: Schema | None = None
    additional: Schema | bool | None = None
    """The schema or flag of ``additionalProperties``, or None."""
    choices: tuple[Choice, ...] = ()
    discriminator: Discriminator | None = None


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The property that says which schema an object follows."""

    property: str
    keys: tuple[tuple[str, str], ...] = ()
    """The names of shared schemas, and the value for each."""

    def key_of(self, name: str) -> str:
        """Return the value for a shared schema."""
        return dict(self.keys).get(name, name)


@dataclass(frozen=True, slots=True)
class Property:
    """A named member of an object."""

    name: str
    required: bool
    schema: Schema
    type_mark: str | None = None
    """``assumed`` if the source names the property but does not state its type."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Schemas of which all, any, exactly one or none must match."""

    kind: Literal["allOf", "anyOf", "oneOf", "not"]
    schemas: tuple[Schema, ...]

    @property
    def words(self) -> str:
        return {"allOf": "all of", "anyOf": "any of", "oneOf": "one of", "not": "anything but"}[
            self.kind
        ]


@dataclass(frozen=True, slots=True)
class SharedSchema:
    """A schema that others refer to by its name."""

    name: str
    anchor: str
    schema: Schema
    provenance: str | None
    uses: int
    """The number of references to it, from operations and from other schemas."""


# --- operations


@dataclass(frozen=True, slots=True)
class Example:
    """An example value. ``name`` pairs the example of a request with that of its response."""

    name: str | None
    summary: str | None
    description: str | None
    value: Json


@dataclass(frozen=True, slots=True)
class Media:
    """A body in one media type."""

    type: str
    schema: Schema | None
    examples: tuple[Example, ...]
    mark: str | None
    provenance: str | None

    @property
    def is_json(self) -> bool:
        base = self.type.split(";")[0].strip().lower()
        return base == "application/json" or base.endswith("+json")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path, query, header or cookie parameter."""

    name: str
    location: Location
    required: bool
    description: str | None
    description_mark: str | None
    schema: Schema
    examples: tuple[Example, ...]
    explode: bool
    """Whether list items are separate parameters (``a=1&a=2``) or joined by commas (``a=1,2``)."""
    deprecated: bool
    mark: str | None
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response. A shared header is the same object in all of them."""

    name: str
    anchor: str | None
    """The anchor of its description if it is shared."""
    required: bool
    description: str | None
    schema: Schema | None
    examples: tuple[Example, ...]
    deprecated: bool
    mark: str | None
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request."""

    required: bool
    description: str | None
    media: tuple[Media, ...]
    mark: str | None
    provenance: str | None

    @property
    def json(self) -> Media | None:
        return next((media for media in self.media if media.is_json), None)


@dataclass(frozen=True, slots=True)
class Link:
    """An operation that can follow a response."""

    name: str
    description: str | None
    operation_id: str | None
    mark: str | None


@dataclass(frozen=True, slots=True)
class Response:
    """A response. A shared response is the same object in all operations."""

    name: str | None
    """The name among the shared responses."""
    anchor: str | None
    """The anchor of its description if it is shared."""
    description: str
    headers: tuple[Header, ...]
    media: tuple[Media, ...]
    links: tuple[Link, ...]
    mark: str | None
    provenance: str | None

    @property
    def json(self) -> Media | None:
        return next((media for media in self.media if media.is_json), None)


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """A response of one operation with its status: ``200``, ``4XX``, ``default``."""

    status: str
    response: Response

    @property
    def is_success(self) -> bool:
        return self.status.startswith("2")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme."""

    name: str
    anchor: str
    type: str
    """``apiKey``, ``http``, ``oauth2``, ``openIdConnect`` or ``mutualTLS``."""
    location: str | None
    parameter: str | None
    """The name of the header, query parameter or cookie of an API key."""
    scheme: str | None
    """The HTTP authentication scheme: ``bearer``, ``basic``, ..."""
    description: str | None
    mark: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path."""

    operation_id: str | None
    anchor: str
    method: str
    """In upper case."""
    path: str
    tag: str | None
    """The first tag, which determines the page."""
    group: str | None
    summary: str | None
    description: str | None
    description_mark: str | None
    deprecated: bool
    parameters: tuple[Parameter, ...]
    """Path, query, header, then cookie parameters; each kind in the order of the document."""
    body: Body | None
    responses: tuple[StatusResponse, ...]
    security: tuple[tuple[Scheme, ...], ...]
    """Alternatives, of which one must be met. An empty one allows unauthenticated requests."""
    server: str
    mark: str | None
    provenance: str | None
    callbacks: tuple[Callback, ...] = ()

    @property
    def heading(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def success(self) -> StatusResponse | None:
        """The 200 response, or else the first other successful one."""
        exact = next(
            (
                status_response
                for status_response in self.responses
                if status_response.status == "200"
            ),
            None,
        )
        return exact or next(
            (status_response for status_response in self.responses if status_response.is_success),
            None,
        )

    @property
    def errors(self) -> tuple[StatusResponse, ...]:
        """All responses that are not successful."""
        return tuple(
            status_response for status_response in self.responses if not status_response.is_success
        )


@dataclass(frozen=True, slots=True)
class Callback:
    """A request that the server makes. The path is an expression for the receiver's URL."""

    name: str
    operation: Operation


# --- the whole


@dataclass(frozen=True, slots=True)
class Group:
    """Operations of a page that belong together. ``title`` is None for those without a group."""

    title: str | None
    anchor: str | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The operations of one tag."""

    title: str
    anchor: str
    description: str | None
    description_mark: str | None
    provenance: str | None
    groups: tuple[Group, ...]
    """In the order of the document; their operations in published order."""
    operations: tuple[Operation, ...]
    """All operations in published order."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A text that belongs to no operation: a tag with ``x-traitTag``."""

    title: str
    anchor: str
    text: str
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the API. Variables are replaced by their defaults."""

    url: str
    description: str | None
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a story: what to do, and the operation that does it."""

    title: str | None
    text: str | None
    operation: Operation | None


@dataclass(frozen=True, slots=True)
class Story:
    """A first task from its first request to its end, by ``x-story``."""

    title: str
    text: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The content of all pages."""

    title: str
    version: str
    description: str | None
    license: str | None
    provenance: str | None
    servers: tuple[Server, ...]
    schemes: tuple[Scheme, ...]
    guides: tuple[Guide, ...]
    pages: tuple[Page, ...]
    schemas: Mapping[str, SharedSchema]
    responses: tuple[Response, ...]
    """The shared responses that are used."""
    headers: tuple[Header, ...]
    """The shared headers that are used."""
    anchors: Mapping[str, str]
    """The anchor of each operation that has an operationId."""
    story: Story | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Phrases for the search, and what to look for instead, by ``x-search-synonyms``."""

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations, page by page, in published order."""
        for page in self.pages:
            yield from page.operations

    def chain(self, schema: Schema) -> Iterator[Schema]:
        """Yield the schema, the schema that it refers to, and so on.

        Each may have its own description, default or nullability. The nearest takes precedence.
        """
        yield schema
        passed: set[str] = set()
        while schema.name is not None:
            # A schema that refers only to itself may be anything.
            name = schema.name
            schema = Schema() if name in passed else self.schemas[name].schema
            passed.add(name)
            yield schema

    def follow(self, schema: Schema) -> Schema:
        """Return the last schema of the chain, which defines the value."""
        *_, last = self.chain(schema)
        return last
