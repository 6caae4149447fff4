"""A small server of the kind that FastAPI makes, with faults and manners that can be switched on.

Its document has what FastAPI writes: 200, 201, 204 and 422, optional properties as ``anyOf`` with
null, a bearer token, and no 401 or 404.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs

from tests.contract_kit.json_server import Reply

FAULTS = {
    "forgets_creates": "created_is_readable",
    "loses_a_text": "sent_comes_back",
    "loses_a_number": "sent_comes_back",
    "reads_another_value": "sent_comes_back",
    "list_misses": "created_is_listed",
    "ignores_updates": "update_has_effect",
    "echoes_updates": "update_has_effect",
    "ignores_a_text": "update_has_effect",
    "patch_resets": "patch_keeps_the_rest",
    "update_removes": "changed_is_readable",
    "delete_does_nothing": "deleted_is_gone",
    "list_keeps_deleted": "deleted_is_not_listed",
    "leaks_reads": "not_read_by_others",
    "leaks_lists": "not_listed_for_others",
    "leaks_updates": "not_changed_by_others",
    "leaks_deletions": "not_deleted_by_others",
}
"""The rule that each fault breaks."""
MANNERS = (
    "trims_and_lowers",
    "rounds",
    "creates_later",
    "pages",
    "cuts_lists",
    "filters_lists",
    "deletes_softly",
    "names_by_location",
    "wraps",
    "needs_an_owner",
    "refuses_updates",
    "renames",
    "hides_a_field",
    "warns",
)
"""Ways in which a correct deployment may behave."""
TOKENS = ("token-of-the-kit", "token-of-another")


def document(*ways: str) -> dict[str, Any]:
    """Return the document as FastAPI writes it, of a server that has these manners."""
    item: Any = {"$ref": "#/components/schemas/Item"}
    one = {"type": "object", "properties": {"data": item}} if "wraps" in ways else item
    created = None if "names_by_location" in ways else one
    status = 202 if "creates_later" in ways else 201
    path = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}

    def operation(id: str, status: int, schema: Any, body: str = "", *, of: bool) -> Any:
        content = {"application/json": {"schema": schema}}
        found: dict[str, Any] = {
            "operationId": id,
            "security": [{"HTTPBearer": []}],
            "responses": {
                str(status): {"description": "Done."} | ({"content": content} if schema else {}),
                "422": {"description": "Validation Error"},
            },
        }
        if of:
            found["parameters"] = [path]
        if body:
            schema = {"$ref": f"#/components/schemas/{body}"}
            found["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": schema}},
            }
        return found

    text, maybe = {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}
    query = [{"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}}]
    if "filters_lists" in ways:
        query = [{"name": "state", "in": "query", "schema": {"type": "string", "default": "old"}}]
    if not {"filters_lists", "pages"}.intersection(ways):
        query = []
    listed = {"type": "array", "items": item}
    price = {"type": "number", "minimum": 0}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Items", "version": "1"},
        "paths": {
            "/items/": {
                "get": {**operation("list_items", 200, listed, of=False), "parameters": query},
                "post": operation("create_item", status, created, "New", of=False),
            },
            "/items/{item_id}": {
                "get": operation("read_item", 200, one, of=True),
                "patch": operation("update_item", 200, one, "Change", of=True),
                "delete": operation("delete_item", 204, None, of=True),
            },
        },
        "components": {
            "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "New": {
                    "type": "object",
                    "required": ["name", "price"],
                    "properties": {"name": text, "note": maybe, "price": price},
                },
                "Change": {
                    "type": "object",
                    "properties": {"name": maybe, "note": maybe, "price": price},
                },
                "Item": {
                    "type": "object",
                    "required": ["id", "name", "price"],
                    "properties": {
                        "id": {"type": "integer"},
                        "name": text,
                        "note": maybe,
                        "price": price,
                        "state": text,
                    },
                },
            },
        },
    }


SCHEMAS = document()["components"]["schemas"]
VALIDATORS = {
    "POST": jsonschema_rs.Draft202012Validator(SCHEMAS["New"]),
    "PATCH": jsonschema_rs.Draft202012Validator(SCHEMAS["Change"]),
}


class Items:
    """The state of the server: the items of each token."""

    def __init__(self, *ways: str) -> None:
        self.ways = set(ways)
        self.items: dict[int, dict[str, Any]] = {}
        self.owners: dict[int, str] = {}
        self.removed: dict[int, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        """The method, and the path with the query, of each request."""
        self._next = 7

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """Return the status, the body and the headers of a response."""
        self.requests.append((method, target))
        token = headers.get("authorization", "").partition(" ")[2]
        parts = urlsplit(target).path.split("/")[1:]
        is_collection = parts == ["items", ""]
        if not is_collection and (parts[:1] != ["items"] or len(parts) != 2):
            return 404, {"detail": "Not Found"}, {}
        allowed = ("GET", "POST") if is_collection else ("GET", "PATCH", "DELETE")
        if method not in allowed:
            return 405, {"detail": "Method Not Allowed"}, {"Allow": ", ".join(allowed)}
        if token not in TOKENS:
            return 401, {"detail": "Not authenticated"}, {"WWW-Authenticate": "Bearer"}
        query = parse_qs(urlsplit(target).query)
        sent, problem = _checked(method, body)
        problem = problem or _wrong_path(parts[1]) or _wrong_query(query)
        if problem:
            return 422, {"detail": [problem]}, {}
        if not is_collection:
            return self._of_item(method, int(parts[1]), token, sent)
        is_list = method == "GET"
        return (200, self._list(token, query), {}) if is_list else self._create(token, sent)

    def _is(self, way: str) -> bool:
        return way in self.ways

    def _shown(self, item: dict[str, Any]) -> dict[str, Any]:
        hidden = {"note"} if self._is("hides_a_field") else set()
        found = {name: value for name, value in item.items() if name not in hidden}
        return {"data": found} if self._is("wraps") else found

    def _stored(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return what is stored of what was sent."""
        names = ("name", "note", "price")
        stored: dict[str, Any] = {name: sent[name] for name in names if name in sent}
        for name in ("name", "note"):
            if self._is("trims_and_lowers") and isinstance(stored.get(name), str):
                stored[name] = stored[name].strip().upper()
        if self._is("rounds") and "price" in stored:
            stored["price"] = round(stored["price"] + 0.3, 1)
        return stored

    def _create(self, token: str, sent: dict[str, Any]) -> Reply:
        if self._is("needs_an_owner"):
            return 409, {"detail": "Create an owner first."}, {}
        id = self._next
        self._next += 1
        item = {"id": id, "note": None, "state": "new", **self._stored(sent)}
        echo = self._shown(item)
        if self._is("loses_a_text"):
            item["note"] = None
        if self._is("loses_a_number"):
            item["price"] = 0
        if not (self._is("forgets_creates") or self._is("creates_later")):
            self.items[id], self.owners[id] = item, token
        headers = {"X-Warning": "name"} if self._is("warns") else {}
        if self._is("warns"):
            item["name"] = "another"
        if self._is("names_by_location"):
            return 201, None, {"Location": f"http://elsewhere.example/items/{id}"}
        return (202 if self._is("creates_later") else 201), echo, headers

    def _list(self, token: str, query: dict[str, list[str]]) -> Any:
        found = [
            item
            for id, item in self.items.items()
            if self.owners[id] == token or self._is("leaks_lists")
        ]
        if self._is("list_misses") or self._is("filters_lists"):
            found = found[:-1]
        if self._is("list_keeps_deleted"):
            found += self.removed.values()
        fillers = [{"id": 10_000 + number, "name": "old", "price": 1} for number in range(1, 13)]
        if self._is("cuts_lists"):
            return fillers[:10]
        if self._is("pages"):
            start = int(query.get("offset", ["0"])[0])
            return (fillers + found)[start : start + 5]
        return [dict(item) for item in found]

    def _of_item(self, method: str, id: int, token: str, sent: dict[str, Any]) -> Reply:
        ways = {"GET": "leaks_reads", "PATCH": "leaks_updates", "DELETE": "leaks_deletions"}
        is_own = self.owners.get(id) == token
        if id not in self.items or not (is_own or self._is(ways.get(method, ""))):
            return 404, {"detail": "Item not found"}, {}
        item = self.items[id]
        if method == "GET":
            if self._is("reads_another_value"):
                item = {**item, "state": "new", "price": 1 + item["price"] * 2}
            return 200, self._shown(item), {}
        if method == "PATCH":
            return self._update(id, item, sent)
        if self._is("deletes_softly"):
            item["state"] = "deleted"
        elif not self._is("delete_does_nothing"):
            self.removed[id] = self.items.pop(id)
        return 204, None, {}

    def _update(self, id: int, item: dict[str, Any], sent: dict[str, Any]) -> Reply:
        if self._is("refuses_updates"):
            return 409, {"detail": "It is locked."}, {}
        stored = self._stored(sent)
        if stored.get("name", "") is None:
            del stored["name"]
        changed = {**item, **stored}
        if self._is("patch_resets"):
            changed = {**changed, "price": sent.get("price", 0)}
        if self._is("ignores_a_text"):
            changed["name"] = item["name"]
        if self._is("update_removes"):
            del self.items[id]
        elif not (self._is("ignores_updates") or self._is("echoes_updates")):
            self.items[id] = changed
        if self._is("renames"):
            self.items[id + 100], self.owners[id + 100] = self.items.pop(id), self.owners[id]
            changed["id"] = id + 100
        return 200, self._shown(item if self._is("ignores_updates") else changed), {}


def _checked(method: str, body: bytes) -> tuple[Any, dict[str, Any] | None]:
    """Return the body of a request, and what is wrong with it."""
    if method not in ("POST", "PATCH"):
        return {}, None
    try:
        sent = json.loads(body, parse_constant=_refused)
    except ValueError:
        return {}, {"loc": ["body", 0], "msg": "JSON decode error", "type": "json_invalid"}
    for error in VALIDATORS[method].iter_errors(sent):
        missing = getattr(error.kind, "property", None)
        place = [*error.instance_path, *([missing] if missing else [])]
        return {}, {"loc": ["body", *place], "msg": error.message, "type": "value_error"}
    return sent, None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _wrong_path(text: str) -> dict[str, Any] | None:
    if not text or re.fullmatch(r"-?\d+", text):
        return None
    return {"loc": ["path", "item_id"], "msg": "no integer", "type": "int_parsing"}


def _wrong_query(query: dict[str, list[str]]) -> dict[str, Any] | None:
    if query.get("offset", ["0"])[0].isdigit():
        return None
    return {"loc": ["query", "offset"], "msg": "no integer", "type": "int_parsing"}


def write_document(folder: Path, items: Items) -> Path:
    """Write the document of a server to a folder, and return its path."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document(*items.ways)), encoding="utf-8")
    return path
