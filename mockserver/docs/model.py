"""What a reference page says, as plain data: made from a document by ``reader``, written by one module per format.

A shared schema is there once, in ``Reference.schemas``; what refers to it holds its name. So the model is as large as
the document, however its schemas refer to each other, and a cycle is a name like any other.

Marks. ``mark`` is what ``x-provenance`` says of the very thing, or None. ``provenance`` is what holds for it: its own
mark, or that of the nearest thing around it. ``description_mark`` says where the description comes from, when that is
another place. Documents without marks have None everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal


class Missing(Enum):
    """A value that is not there, where null would be one."""

    VALUE = "missing"


MISSING: Final = Missing.VALUE
Json = Any
Location = Literal["path", "query", "header", "cookie"]
LOCATIONS: tuple[Location, ...] = ("path", "query", "header", "cookie")
DOCUMENTED = "documented"


# ------------------------------------------------------------------------------------------------------------ schemas


@dataclass(frozen=True, slots=True)
class Schema:
    """What a value may be."""

    name: str | None = None
    """The shared schema that this refers to. What is said beside it here adds to what is said there."""
    types: tuple[str, ...] = ()
    """Empty for any type. ``null`` is not among them: see ``nullable``."""
    nullable: bool = False
    title: str | None = None
    description: str | None = None
    description_mark: str | None = None
    mark: str | None = None
    format: str | None = None
    bounds: tuple[str, ...] = ()
    """In words: ``at least 1``, ``at most 255 characters``."""
    minimum: int | None = None
    """The least whole number that is allowed, where there is one."""
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
    """What ``additionalProperties`` says; None where it says nothing."""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """A named member of an object."""

    name: str
    required: bool
    schema: Schema


@dataclass(frozen=True, slots=True)
class Choice:
    """Schemas of which all, any or exactly one must fit."""

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
    """How many references there are to it, from operations and from other schemas."""


# --------------------------------------------------------------------------------------------------------- operations


@dataclass(frozen=True, slots=True)
class Example:
    """A value with what it shows. ``name`` pairs the example of a request with that of its response."""

    name: str | None
    summary: str | None
    description: str | None
    value: Json


@dataclass(frozen=True, slots=True)
class Media:
    """What a body is in one media type."""

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
    """A parameter of a path, a query, a header or a cookie."""

    name: str
    location: Location
    required: bool
    description: str | None
    description_mark: str | None
    schema: Schema
    examples: tuple[Example, ...]
    explode: bool
    """Whether a list is one parameter for each entry (``a=1&a=2``) rather than one with commas (``a=1,2``)."""
    deprecated: bool
    mark: str | None
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response. One that several responses refer to is the same object in all of them."""

    name: str
    anchor: str | None
    """Where it is described, when several responses refer to it."""
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
    """What can be done with an answer."""

    name: str
    description: str | None
    operation_id: str | None
    mark: str | None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. One that several operations refer to is the same object in all of them."""

    name: str | None
    """Its name among the shared responses."""
    anchor: str | None
    """Where it is described, when it is shared."""
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
    """A response of one operation, with its status: ``200``, ``4XX``, ``default``."""

    status: str
    response: Response

    @property
    def is_success(self) -> bool:
        return self.status.startswith("2")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to say who is calling."""

    name: str
    anchor: str
    type: str
    """``apiKey``, ``http``, ``oauth2``, ``openIdConnect`` or ``mutualTLS``."""
    location: str | None
    parameter: str | None
    """Of an API key: the name of the header, query parameter or cookie."""
    scheme: str | None
    """Of ``http``: ``bearer``, ``basic``, ..."""
    description: str | None
    mark: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path."""

    operation_id: str | None
    anchor: str
    method: str
    """In capitals."""
    path: str
    tag: str | None
    """The first of its tags, on whose page it stands."""
    group: str | None
    summary: str | None
    description: str | None
    description_mark: str | None
    deprecated: bool
    parameters: tuple[Parameter, ...]
    """First of the path, then of the query, then headers, then cookies; each in the order of the document."""
    body: Body | None
    responses: tuple[StatusResponse, ...]
    security: tuple[tuple[Scheme, ...], ...]
    """One of these must be met; an empty one means that nothing need be said."""
    server: str
    mark: str | None
    provenance: str | None
    callbacks: tuple[Callback, ...] = ()

    @property
    def heading(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def success(self) -> StatusResponse | None:
        """The 200, or else the first other answer that means success."""
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
        """Every answer but those that mean success."""
        return tuple(
            status_response for status_response in self.responses if not status_response.is_success
        )


@dataclass(frozen=True, slots=True)
class Callback:
    """A request that the server makes: an operation whose path is an expression for the receiver's URL."""

    name: str
    operation: Operation


# ---------------------------------------------------------------------------------------------------------- the whole


@dataclass(frozen=True, slots=True)
class Group:
    """Operations of a page that belong together. ``title`` is None for those that name no group."""

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
    """All of them, in published order."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A text that belongs to no operation: a tag with ``x-traitTag``."""

    title: str
    anchor: str
    text: str
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API can be reached; variables are replaced by their defaults."""

    url: str
    description: str | None
    provenance: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """All that the pages say."""

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
    """The shared ones that some operation refers to, each once."""
    headers: tuple[Header, ...]
    """The shared ones that some response refers to, each once."""
    anchors: Mapping[str, str]
    """The anchor of each operation that has an operationId."""

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations, page by page, in published order."""
        for page in self.pages:
            yield from page.operations

    def chain(self, schema: Schema) -> Iterator[Schema]:
        """The schema itself, then what it refers to, and so on to the last, which refers to nothing. Each may say
        something of its own: that null will do, a default, a description. The nearest counts.
        """
        yield schema
        passed: set[str] = set()
        while schema.name is not None:
            # One that is nothing but itself (``allOf`` of itself alone) may be anything.
            name = schema.name
            schema = Schema() if name in passed else self.schemas[name].schema
            passed.add(name)
            yield schema

    def follow(self, schema: Schema) -> Schema:
        """The last of the steps: where it says what the value is."""
        *_, last = self.chain(schema)
        return last
