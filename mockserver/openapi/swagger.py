"""Converts Swagger 2.0 documents to OpenAPI 3.0."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mockserver.openapi import official, swagger_schemas
from mockserver.openapi.paths import METHODS
from mockserver.openapi.problems import MAX_WARNINGS, Origin, Pointer, Problems
from mockserver.openapi.swagger_schemas import as_schema

Node = dict[str, Any]
_JSON = "application/json"
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_ITEM_METHODS = tuple(method for method in METHODS if method not in ("trace", "query"))
_STYLES = {
    "csv": {"style": "form", "explode": False},
    "multi": {"style": "form", "explode": True},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "tsv": {"style": "form", "explode": False},
}
"""How lists are written, by ``collectionFormat``. Nothing in 3.0 separates by tabs."""
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}
_URLS = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}
_MOVED = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
_KEPT = ("summary", "description", "operationId", "tags", "deprecated", "security", "externalDocs")


def converted(document: Node, problems: Problems) -> Node:
    """Return a document as OpenAPI 3.0. Its violations of 2.0 are warnings."""
    for pointer, problem in islice(official.errors(document, "2.0"), MAX_WARNINGS):
        problems.warn(pointer, problem)
    for old, new in _MOVED.items():
        problems.origins.append(Origin(("components", new), problems.paths[0], (old,)))
    return _Conversion(document, problems).run()


class _Conversion:
    """The conversion of one document."""

    def __init__(self, document: Node, problems: Problems) -> None:
        self._document = document
        self._problems = problems
        self._consumes = _names(document.get("consumes"))
        self._produces = _names(document.get("produces"))
        self._bodies = self._shared_bodies()

    def run(self) -> Node:
        document = self._document
        kept = {key: value for key, value in document.items() if key.startswith("x-")}
        for key in ("tags", "security", "externalDocs"):
            if key in document:
                kept[key] = document[key]
        components = _objects(document.get("components"))
        schemas = _objects(document.get("definitions"))
        merged: Node = {
            **components,
            "schemas": {
                **{name: as_schema(schema) for name, schema in schemas.items()},
                **{
                    name: as_schema(schema)
                    for name, schema in _objects(components.get("schemas")).items()
                },
            },
            "parameters": {
                name: self._parameter(parameter)
                for name, parameter in self._shared_parameters().items()
                if name not in self._bodies
            },
            "responses": {
                name: self._response(response, self._produces)
                for source in (document, components)
                for name, response in _objects(source.get("responses")).items()
            },
            "securitySchemes": {
                name: self._scheme(scheme, ("securityDefinitions", name))
                for name, scheme in _objects(document.get("securityDefinitions")).items()
                if isinstance(scheme, dict)
            },
        }
        result = {
            "openapi": "3.0.3",
            "info": document.get("info"),
            "servers": self._servers(),
            "paths": {
                path: item if path.startswith("x-") else self._item(item)
                for path, item in _objects(document.get("paths")).items()
            },
            "components": {name: part for name, part in merged.items() if part},
            **kept,
        }
        swagger_schemas.move_references(result)
        return result

    def _servers(self) -> list[Node]:
        base = str(self._document.get("basePath") or "/")
        host = self._document.get("host")
        if not host:
            return [{"url": base}]
        schemes = _names(self._document.get("schemes")) or ["https"]
        return [{"url": f"{scheme}://{host}{base.rstrip('/')}"} for scheme in schemes]

    def _shared_parameters(self) -> Node:
        components = _objects(self._document.get("components"))
        return {
            **_objects(self._document.get("parameters")),
            **_objects(components.get("parameters")),
        }

    def _shared_bodies(self) -> dict[str, Node]:
        """Return the shared parameters that are bodies or fields of forms."""
        return {
            name: parameter
            for name, parameter in self._shared_parameters().items()
            if isinstance(parameter, dict) and parameter.get("in") in ("body", "formData")
        }

    def _item(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        result = {key: value for key, value in item.items() if key.startswith(("x-", "$"))}
        shared = item.get("parameters")
        places, bodies = self._split(shared)
        if places:
            result["parameters"] = places
        for method in _ITEM_METHODS:
            if method in item:
                result[method] = self._operation(item[method], bodies)
        return result

    def _operation(self, node: Any, shared: list[Node]) -> Any:
        if not isinstance(node, dict):
            return node
        result = {key: value for key, value in node.items() if key.startswith("x-")}
        result |= {key: node[key] for key in _KEPT if key in node}
        produces = _names(node.get("produces")) or self._produces
        consumes = _names(node.get("consumes")) or self._consumes
        places, bodies = self._split(node.get("parameters"))
        if places:
            result["parameters"] = places
        own = [(body.get("in"), body.get("name")) for body in bodies]
        bodies += [body for body in shared if (body.get("in"), body.get("name")) not in own]
        if bodies:
            result["requestBody"] = self._body(bodies, consumes)
        responses = node.get("responses")
        result["responses"] = {
            status: self._response(response, produces)
            for status, response in _objects(responses).items()
        }
        return result

    def _split(self, parameters: Any) -> tuple[list[Any], list[Node]]:
        """Return the parameters in path, query and headers, and those in the body."""
        places: list[Any] = []
        bodies: list[Node] = []
        for parameter in parameters if isinstance(parameters, list) else []:
            body = self._body_of(parameter)
            if body is not None:
                bodies.append(body)
            else:
                places.append(self._parameter(parameter))
        return places, bodies

    def _body_of(self, parameter: Any) -> Node | None:
        """Return a parameter that is in the body, without reference; None for another."""
        if not isinstance(parameter, dict):
            return None
        if isinstance(reference := parameter.get("$ref"), str):
            return self._bodies.get(reference.rpartition("/")[2])
        return parameter if parameter.get("in") in ("body", "formData") else None

    def _parameter(self, parameter: Any) -> Any:
        if not isinstance(parameter, dict) or "$ref" in parameter:
            return parameter
        fields = ("name", "in", "description", "required")
        result = {key: parameter[key] for key in fields if key in parameter}
        result |= {key: value for key, value in parameter.items() if key.startswith("x-")}
        if parameter.get("allowEmptyValue"):
            result["allowEmptyValue"] = True
        result["schema"] = swagger_schemas.of_parameter(parameter)
        if parameter.get("type") == "array":
            result |= self._style(parameter)
        return result

    @staticmethod
    def _style(parameter: Node) -> Node:
        if parameter.get("in") in ("path", "header"):
            return {"style": "simple"}
        return _STYLES.get(str(parameter.get("collectionFormat", "csv")), _STYLES["csv"])

    def _body(self, bodies: list[Node], consumes: list[str]) -> Node:
        whole = next((body for body in bodies if body["in"] == "body"), None)
        if whole is not None:
            media = {"schema": as_schema(whole.get("schema", {}))}
            content = dict.fromkeys(consumes or [_JSON], media)
            result: Node = {"content": content, "required": whole.get("required") is True}
            if "description" in whole:
                result["description"] = whole["description"]
            return result
        has_file = any(body.get("type") == "file" for body in bodies)
        types = [name for name in consumes if name in (_FORM, _MULTIPART)]
        if has_file and _MULTIPART not in types:
            types = [_MULTIPART]
        required = [str(body.get("name")) for body in bodies if body.get("required") is True]
        schema: Node = {
            "type": "object",
            "properties": {
                str(body.get("name")): {
                    **swagger_schemas.of_parameter(body),
                    **{key: body[key] for key in ("description",) if key in body},
                }
                for body in bodies
            },
        }
        if required:
            schema["required"] = required
        encoding = {
            str(body.get("name")): self._style(body)
            for body in bodies
            if body.get("type") == "array"
        }
        media = {"schema": schema, **({"encoding": encoding} if encoding else {})}
        content = dict.fromkeys(types or [_FORM], media)
        return {"content": content, "required": bool(required)}

    def _response(self, response: Any, produces: list[str]) -> Any:
        if not isinstance(response, dict) or "$ref" in response:
            return response
        result = {key: value for key, value in response.items() if key.startswith("x-")}
        result["description"] = response.get("description", "")
        headers = _objects(response.get("headers"))
        if headers:
            result["headers"] = {name: _header(header) for name, header in headers.items()}
        examples = _objects(response.get("examples"))
        if "schema" in response or examples:
            schema = _objects(as_schema(response.get("schema", {})))
            names = list(dict.fromkeys([*(produces or [_JSON]), *examples]))
            if "schema" in response and schema.get("format") == "binary" and not produces:
                names = ["application/octet-stream"]
            result["content"] = {
                name: {
                    "schema": schema,
                    **({"example": examples[name]} if name in examples else {}),
                }
                for name in names
            }
        return result

    def _scheme(self, scheme: Node, at: Pointer) -> Node:
        """Return a security scheme: ``basic`` is one of HTTP, and a flow has its own object."""
        kind = scheme.get("type")
        described = {key: scheme[key] for key in ("description",) if key in scheme}
        if kind == "basic":
            return {"type": "http", "scheme": "basic", **described}
        if kind != "oauth2":
            return scheme
        flow = _FLOWS.get(str(scheme.get("flow")))
        if flow is None:
            self._problems.warn(at, f"has the unknown flow {scheme.get('flow')!r}")
            flow = "implicit"
        urls = {url: str(scheme.get(url, "https://example.com")) for url in _URLS[flow]}
        flows = {flow: {**urls, "scopes": _objects(scheme.get("scopes"))}}
        return {"type": "oauth2", "flows": flows, **described}


def _header(header: Any) -> Any:
    if not isinstance(header, dict):
        return header
    described = {key: header[key] for key in ("description",) if key in header}
    return {**described, "schema": swagger_schemas.of_parameter(header)}


def _names(value: Any) -> list[str]:
    """Return a list of names, without what is no name."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _objects(value: Any) -> Node:
    return value if isinstance(value, dict) else {}
