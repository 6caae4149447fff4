"""Completes the paths of a document: path items, operations, their names and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from mockserver.openapi import references
from mockserver.openapi.problems import Pointer, Problems

Node = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
TEMPLATE = re.compile(r"\{([^/{}]+)\}")
_STATUS = re.compile(r"[1-5]([0-9]{2}|XX)|default|x-.*")
_MORE_METHODS = (
    *("copy", "link", "lock", "mkcol", "move", "propfind", "proppatch", "purge", "report"),
    *("search", "unlink", "unlock"),
)
"""The methods of ``additionalOperations`` that the server reads."""
_PLACES = ("path", "query", "header", "cookie")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


def complete(document: Node, problems: Problems, version: str) -> None:
    """Complete the paths of a document in place, with warnings about what was wrong."""
    _Completion(document, problems, version).run()


class _Completion(Struct):
    document: Node
    problems: Problems
    version: str
    _names: set[str] = field(default_factory=set)
    _routes: set[tuple[str, str]] = field(default_factory=set)
    _unnamed: list[Pointer] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    """The names in the document, and those that were made."""
    _numbers: dict[str, int] = field(default_factory=dict)
    """The last numbers that were added to names."""

    def run(self) -> None:
        self._info()
        self._server()
        paths = self._paths()
        self._taken |= {
            node["operationId"]
            for item in paths.values()
            for method in METHODS
            if isinstance(node := item.get(method), dict) and node.get("operationId")
        }
        for index, requirement in enumerate(self.document.get("security", ())):
            self._security(requirement, ("security", index))
        for path, item in paths.items():
            for method in (*METHODS, *_MORE_METHODS):
                if method in item:
                    self._operation(path, method, item)
        if self._unnamed:
            first = self._unnamed[0]
            title = f"{str(first[2]).upper()} {first[1]}"
            others = len(self._unnamed) - 1
            more = f", as {others} more" if others else ""
            problem = f"{title} has no operationId{more}; it is made of method and path"
            self.problems.warn(first, problem)

    def _info(self) -> None:
        info = self.document.get("info")
        if not isinstance(info, dict):
            self.problems.warn([], "has no info with title and version")
            info = {}
        info.setdefault("title", "API")
        info.setdefault("version", "")
        self.document["info"] = info

    def _server(self) -> None:
        """Warn of variables of the first server that have no value."""
        for server in self.document.get("servers", [])[:1]:
            for name in TEMPLATE.findall(str(server.get("url"))):
                if "default" not in server.get("variables", {}).get(name, {}):
                    self.problems.warn(("servers", 0, "url"), f"the variable '{name}' has no value")

    def _paths(self) -> Node:
        """Return the path items without references. Paths that cannot be served are removed."""
        paths = self.document.get("paths")
        if not isinstance(paths, dict):
            if self.version in ("2.0", "3.0"):
                self.problems.warn([], "has no paths")
            paths = {}
        completed: Node = {}
        for path, item in paths.items():
            at = ("paths", path)
            if path.startswith("x-"):
                continue
            if not path.startswith("/"):
                self.problems.warn(at, "a path must begin with a slash; one is added")
            if "?" in path or "#" in path:
                self.problems.warn(at, "a path has no query and no fragment; it is left out")
                continue
            if not isinstance(item, dict):
                self.problems.warn(at, "a path item must be an object; it is left out")
                continue
            name = path if path.startswith("/") else f"/{path}"
            completed[name] = self._item(at, item)
        self.document["paths"] = completed
        return completed

    def _item(self, at: Pointer, item: Node) -> Node:
        """Return a path item with what its reference names, and its additional operations."""
        if isinstance(reference := item.get("$ref"), str):
            try:
                followed = references.follow(self.document, item)
            except (LookupError, TypeError, ValueError):  # of a path that is named like a keyword
                self.problems.warn(at, f"the reference '{reference}' has no target")
                followed = {}
            siblings = {key: value for key, value in item.items() if key != "$ref"}
            item = {
                key: {**value} if key in METHODS and isinstance(value, dict) else value
                for key, value in followed.items()
            } | siblings
            del reference
        for method, node in item.pop("additionalOperations", {}).items():
            name = method.lower()
            if name in _MORE_METHODS or name in METHODS:
                item.setdefault(name, node)
            else:
                place = (*at, "additionalOperations", method)
                self.problems.warn(place, "the server does not read this method; it is left out")
        return item

    def _operation(self, path: str, method: str, item: Node) -> None:
        node, at = item[method], ("paths", path, method)
        route = (method, TEMPLATE.sub("{}", path))
        if route in self._routes:
            self.problems.warn(at, "another path of the same form comes first; it is left out")
            del item[method]
            return
        self._routes.add(route)
        self._name(node, at)
        self._responses(node, at)
        self._parameters(path, item, node, at)
        for part in (node.get("requestBody"), *node["responses"].values()):
            self._content(part)
        for index, requirement in enumerate(node.get("security", ())):
            self._security(requirement, (*at, "security", index))

    def _name(self, node: Node, at: Pointer) -> None:
        """Give an operation without a name, or with that of another, a name of its own."""
        _, path, method = at
        name = node.get("operationId")
        title = f"{str(method).upper()} {path}"
        if not name:
            self._unnamed.append(at)
            name = self._free(name_of(str(method), str(path)))
            node["operationId"] = name
        elif name in self._names:
            free = self._free(name)
            problem = f"{title} has the operationId '{name}' of another operation"
            self.problems.warn(at, f"{problem}; it is named '{free}'")
            node["operationId"] = name = free
        self._names.add(name)

    def _free(self, name: str) -> str:
        """Return a name that is not taken, and take it."""
        free, number = name, self._numbers.get(name, 1)
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._numbers[name] = number
        self._taken.add(free)
        return free

    def _responses(self, node: Node, at: Pointer) -> None:
        responses = node.get("responses")
        if not responses:
            if self.version != "3.2" or responses is not None:
                self.problems.warn(at, "has no responses; a 200 without a body is served")
            node["responses"] = {"200": {"description": "Success."}}
            return
        for status in list(responses):
            upper = status.upper() if status[1:].lower() == "xx" else status
            if upper != status and upper not in responses:
                self.problems.warn((*at, "responses", status), f"must be written {upper}")
                responses[upper] = responses.pop(status)
            elif not _STATUS.fullmatch(status):
                self.problems.warn((*at, "responses", status), "is no status; it is left out")
                del responses[status]
            elif status.startswith("x-"):  # readers would take an extension for a response
                del responses[status]

    def _content(self, part: Any) -> None:
        """Give media types that differ in parameters alone the schema that one of them has."""
        followed = references.follow(self.document, part) if isinstance(part, dict) else {}
        content = followed.get("content") or {}
        lacking = [name for name, media in content.items() if "schema" not in media]
        for name in lacking if len(content) > 1 else ():
            plain = _without_parameters(name)
            alike = (content[other] for other in content if _without_parameters(other) == plain)
            schema = next((media["schema"] for media in alike if "schema" in media), None)
            if schema is not None:
                content[name]["schema"] = schema

    def _parameters(self, path: str, item: Node, node: Node, at: Pointer) -> None:
        """Remove parameters that cannot be sent, and add those that only the path names."""
        for owner, place in ((item, at[:-1]), (node, at)):
            kept = []
            for index, parameter in enumerate(owner.get("parameters", ())):
                where = (*place, "parameters", index)
                followed = references.follow(self.document, parameter)
                if self._is_parameter(followed, path, where):
                    kept.append(parameter)
            if "parameters" in owner:
                owner["parameters"] = kept
        names = set(TEMPLATE.findall(path))
        for parameter in (*item.get("parameters", ()), *node.get("parameters", ())):
            followed = references.follow(self.document, parameter)
            if followed.get("in") == "path":
                names.discard(followed["name"])
        for name in sorted(names):
            if not self.problems.is_strict:  # our own documents may leave it to the path
                self.problems.warn(at, f"the parameter '{name}' of the path is not described")
            described = {"name": name, "in": "path", "required": True}
            node.setdefault("parameters", []).append({**described, "schema": {"type": "string"}})

    def _is_parameter(self, parameter: Node, path: str, at: Pointer) -> bool:
        """Return whether a parameter can be sent. Complete it."""
        name, place = parameter.get("name"), parameter.get("in")
        if not isinstance(name, str) or place not in _PLACES:
            what = f"a parameter in '{place}'" if isinstance(name, str) else "it has no name"
            self.problems.warn(at, f"{what} is not served; it is left out")
            return False
        if place == "path":
            if name not in TEMPLATE.findall(path):
                self.problems.warn(at, f"'{name}' is not in the path; it is left out")
                return False
            if parameter.get("required") is not True:
                self.problems.warn(at, f"'{name}' is in the path, so it must be required")
                parameter["required"] = True
        if "schema" not in parameter and "content" not in parameter:
            parameter["schema"] = {}
        return True

    def _security(self, requirement: Node, at: Pointer) -> None:
        """Remove the schemes of a requirement that the document does not define."""
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        for name in [name for name in requirement if name not in schemes]:
            self.problems.warn(at, f"'{name}' is no security scheme; it is left out")
            del requirement[name]


def _without_parameters(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def name_of(method: str, path: str) -> str:
    """Return the operationId of an operation that has none."""
    words = _NOT_IN_NAMES.sub("_", path).strip("_")
    return f"{method}_{words}".rstrip("_")


def operations(document: Node) -> Iterator[tuple[str, str, Node, Node]]:
    """Yield path, method, path item and operation object of all operations, in order."""
    for path, item in document["paths"].items():
        for method in (*METHODS, *_MORE_METHODS):
            if method in item:
                yield path, method, item, item[method]
