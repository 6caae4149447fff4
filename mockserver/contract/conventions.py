"""What the operations of a document have in common, so that a new one is written like them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from os.path import commonpath
from typing import Any

from msgspec import Struct

from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.paths import TEMPLATE

_ALIAS = re.compile(r"^ *headers: (\*[\w-]+) *$", re.M)
_VERBS = {"get": "get", "put": "update", "post": "create", "delete": "remove", "patch": "change"}
_CAMEL = re.compile(r"[a-z]+([A-Z][a-z0-9]*)+")


class Conventions(Struct, frozen=True):
    """The conventions of a document."""

    contract: Contract
    text: str
    """The text of its file."""

    @property
    def has_provenance(self) -> bool:
        """Whether the document marks provenance."""
        return "x-provenance" in self.contract.document

    def nearest(self, path: str) -> Operation:
        """Return the operation whose path has the longest beginning in common."""
        return max(
            self.contract.operations.values(),
            key=lambda operation: len(commonpath([operation.path, path])),
        )

    def name_of(self, method: str, path: str) -> str:
        """Return an operationId in the style of the document."""
        fixed = [part for part in path.split("/") if part and not TEMPLATE.search(part)]
        words: list[str] = re.findall(r"[a-z0-9]+", "_".join(fixed[-1:]).lower()) or ["root"]
        is_one = path.rstrip("/").endswith("}") or method == "post"
        if is_one and len(words[-1]) > 3 and words[-1].endswith("s"):
            words[-1] = re.sub(r"ies$", "y", words[-1]).removesuffix("s")
        verb = "list" if method == "get" and not is_one and words[-1].endswith("s") else method
        words = [_VERBS.get(verb, verb), *words]
        names = [operation.operation_id for operation in self.contract.operations.values()]
        if sum(bool(_CAMEL.fullmatch(name)) for name in names) * 2 > len(names):
            return words[0] + "".join(word.capitalize() for word in words[1:])
        return "_".join(words)

    @staticmethod
    def words_of(name: str) -> str:
        """Return an operationId as words."""
        words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).replace("_", " ").lower()
        return f"{words[:1].upper()}{words[1:]}"

    def path_parameter(self, name: str) -> dict[str, Any]:
        """Return a path parameter: a component of this name, or a new one."""
        components = self.contract.document.get("components", {}).get("parameters", {})
        for key, parameter in components.items():
            if (parameter.get("in"), parameter.get("name")) == ("path", name):
                return {"$ref": f"#/components/parameters/{key}"}
        return {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"The {name.replace('_', ' ')}.",
            "schema": {"type": "string"},
        }

    def success(self, method: str) -> str:
        """Return the status of success that most operations of a method have."""
        found = [
            str(operation.success)
            for operation in self.contract.operations.values()
            if operation.method == method
        ]
        return Counter(found).most_common(1)[0][0] if found else "200"

    def headers(self) -> str | dict[str, Any]:
        """Return the headers of most responses: an alias of the file, or references."""
        aliases: list[str] = _ALIAS.findall(self.text)
        if aliases:
            return Counter(aliases).most_common(1)[0][0]
        responses = [
            self.contract.follow(operation.response(operation.success) or {}).get("headers", {})
            for operation in self.contract.operations.values()
        ]
        return _shared([_references(headers) for headers in responses])

    def errors(self, *, has_body: bool, has_parameters: bool) -> dict[str, Any]:
        """Return the errors that most operations share that have a body or path parameters too."""

        def is_alike(operation: Operation) -> bool:
            return ("requestBody" in operation.node) == has_body

        def is_on_an_item(operation: Operation) -> bool:
            return "{" in operation.path

        errors = self._errors(lambda _: True) | self._errors(is_alike)
        errors |= self._errors(is_on_an_item) if has_parameters else {}
        return dict(sorted(errors.items()))

    def _errors(self, is_chosen: Callable[[Operation], bool]) -> dict[str, Any]:
        chosen = filter(is_chosen, self.contract.operations.values())
        errors = [
            {
                status: response
                for status, response in _references(operation.node["responses"]).items()
                if status[:1] not in "23"
            }
            for operation in chosen
        ]
        return _shared(errors)


def _references(nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an object that are references."""
    return {name: node for name, node in nodes.items() if isinstance(node, dict) and "$ref" in node}


def _shared(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the references that most of some objects have by the same name."""
    counts = Counter((name, node["$ref"]) for nodes in found for name, node in nodes.items())
    return {
        name: {"$ref": reference}
        for (name, reference), count in counts.items()
        if count * 2 > len(found)
    }
