"""Reproduces the published page: parameter rows, a curl command and a response for each operation.

The rules were derived from the vendor's page. Some are odd: GET requests have a content type, a
default of true is sent as false. They are kept, because the page must be reproducible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.docs import types
from mockserver.docs.model import (
    DOCUMENTED,
    MISSING,
    Json,
    Media,
    Operation,
    Page,
    Parameter,
    Property,
    Reference,
    Schema,
)
from mockserver.docs.samples import pretty_json, shell_quoted
from mockserver.docs.values import properties_of

NO_SCHEMA: Json = {"status": "ok"}
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_PROPERTIES_SENT, _PROPERTIES_SHOWN = 5, 6
_LOCATIONS = ("path", "query", "header")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a parameter table."""

    name: str
    type: str
    required: bool
    description: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """Builds the published page's content. ``everything`` includes observed and assumed parts."""

    reference: Reference
    everything: bool = False

    def shows(self, provenance: str | None) -> bool:
        """Return whether a part is shown. In a document without marks, everything is documented."""
        return self.everything or provenance in (None, DOCUMENTED)

    def subtitle(self, page: Page) -> str:
        """Return the description of a tag, or the vendor's sentence for one without."""
        if page.description and self.shows(page.description_mark or page.provenance):
            return page.description
        return f"API reference for {page.title.lower()} endpoints."

    def rows(self, operation: Operation) -> list[Row]:
        """Return the parameter table: path, query, header parameters, then body properties."""
        parameters = (
            parameter for parameter in operation.parameters if parameter.location in _LOCATIONS
        )
        return [
            *(
                self._parameter_row(parameter)
                for parameter in parameters
                if self.shows(parameter.provenance)
            ),
            *(self._property_row(property) for property in self._body_properties(operation)),
        ]

    def curl(self, operation: Operation) -> str:
        """Return the request example."""
        lines = [f"curl -X {operation.method} {self._url(operation)}"]
        lines += [*self._credentials(), '-H "Content-Type: application/json"']
        body = self._request_body(operation)
        if body:
            lines.append("-d " + shell_quoted(pretty_json(body).replace("\n", "\n  ")))
        return " \\\n  ".join(lines)

    def response(self, operation: Operation) -> Json:
        """Return the response example."""
        status_response = operation.success
        media = status_response.response.json if status_response is not None else None
        if media is None or media.schema is None or not self._shows_schema(media):
            return NO_SCHEMA
        properties = list(self._properties(media))[:_PROPERTIES_SHOWN]
        if properties:
            return {property.name: self._placeholder(property.schema) for property in properties}
        is_plain = types.type_text(self.reference, media.schema) in ("object", types.ANY)
        return NO_SCHEMA if is_plain else self._placeholder(media.schema)

    # --- rows

    def _parameter_row(self, parameter: Parameter) -> Row:
        described = parameter.description if self.shows(parameter.description_mark) else None
        return Row(
            parameter.name,
            types.type_text(self.reference, parameter.schema),
            parameter.required,
            described or parameter.name,
            self._default(parameter.schema),
        )

    def _property_row(self, property: Property) -> Row:
        return Row(
            property.name,
            types.type_text(self.reference, property.schema),
            property.required,
            self._description(property),
            self._default(property.schema),
        )

    def _description(self, property: Property) -> str:
        chain = list(self.reference.chain(property.schema))
        for schema in chain:
            if schema.description and self.shows(schema.description_mark or schema.mark):
                return schema.description
        if types.is_nullable(self.reference, property.schema):
            return property.name
        return next((schema.title for schema in chain if schema.title), property.name)

    def _default(self, schema: Schema) -> str | None:
        default = types.default_of(self.reference, schema)
        if default is MISSING or default is None:
            return None
        return (
            str(default) if isinstance(default, (str, bool, int, float)) else pretty_json(default)
        )

    # --- request

    def _url(self, operation: Operation) -> str:
        url = operation.server + re.sub(r"\{([^{}]*)\}", r"<\1>", operation.path)
        query = [
            f"{parameter.name}=<{parameter.name}>"
            for parameter in operation.parameters
            if parameter.location == "query"
            and parameter.required
            and self.shows(parameter.provenance)
        ]
        return f"{url}?{'&'.join(query)}" if query else url

    def _credentials(self) -> list[str]:
        """Return the header with the placeholder of a key, by the document's security schemes."""
        schemes = self.reference.schemes
        for scheme in schemes:
            if scheme.type == "apiKey" and scheme.location == "header":
                return [f'-H "{scheme.parameter or scheme.name}: YOUR_API_KEY"']
        for scheme in schemes:
            if scheme.type in ("http", "oauth2", "openIdConnect"):
                kind = (scheme.scheme or "bearer").capitalize()
                return [f'-H "Authorization: {kind} YOUR_API_KEY"']
        return []

    def _request_body(self, operation: Operation) -> dict[str, Json]:
        if operation.method not in _METHODS_WITH_BODY:
            return {}
        return {
            property.name: self._request_value(property)
            for property in list(self._body_properties(operation))[:_PROPERTIES_SENT]
            if property.required or self._default(property.schema) is not None
        }

    def _request_value(self, property: Property) -> Json:
        default = types.default_of(self.reference, property.schema)
        match self._type(property.schema):
            case "boolean":
                return False
            case "integer" | "number" as type:
                return (0 if type == "integer" else 0.0) if default in (MISSING, None) else default
            case "array":
                return []
            case "object":
                return {}
            case _:
                return f"example_{property.name}"

    # --- response

    def _placeholder(self, schema: Schema) -> Json:
        if types.is_nullable(self.reference, schema):
            return "example"
        type = self._type(schema)
        if type == "object":
            # The page shows "example" for references to objects. It has no references to scalars.
            return "example" if schema.name is not None else {}
        placeholders: dict[str | None, Json] = {
            "integer": 0,
            "number": 0.0,
            "boolean": True,
            "array": [],
        }
        return placeholders.get(type, "example")

    def _type(self, schema: Schema) -> str | None:
        """Return the single type of a schema, or None if it may have several."""
        found = self.reference.follow(schema).types
        if len(found) == 1:
            return found[0]
        words = types.type_text(self.reference, schema)
        return words if words in ("integer", "number", "boolean", "object") else None

    # --- provenance

    def _body_properties(self, operation: Operation) -> Iterator[Property]:
        media = operation.body.json if operation.body is not None else None
        return self._properties(media) if media is not None else iter(())

    def _properties(self, media: Media) -> Iterator[Property]:
        """Yield the shown properties of a body. A mark applies until a nearer one overrides it."""
        if media.schema is None:
            return
        inherited = self._mark_within(media)
        target = self._first_choice(media.schema)
        for property in properties_of(self.reference, target):
            if self.shows(property.schema.mark or inherited):
                yield property

    def _first_choice(self, schema: Schema) -> Schema:
        """Return the schema, or its first choice if it has no properties itself."""
        target = self.reference.follow(schema)
        options = [
            option
            for choice in target.choices
            if choice.kind in ("anyOf", "oneOf")
            for option in choice.schemas
        ]
        return options[0] if options and not properties_of(self.reference, target) else schema

    def _shows_schema(self, media: Media) -> bool:
        return self.shows(self._mark_within(media))

    def _mark_within(self, media: Media) -> str | None:
        """Return the provenance of a body's properties: its schema's, or that around it."""
        chain = self.reference.chain(media.schema) if media.schema is not None else ()
        marks = [step.mark for step in chain if step.mark is not None]
        return marks[-1] if marks else media.provenance
