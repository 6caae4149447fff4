"""What differs between two bodies, by their media types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import yaml

from tools.recording import html_structure
from tools.recording.caller import Json
from tools.recording.values import MISSING, REWORDED, Change, json_changes

WORDING = frozenset({"detail", "msg", "message", "about", "title"})
"""Members of JSON whose text is written for people."""
_SENTENCES = re.compile(r"/attempts/\d+/error$")
"""Other places of sentences: what went wrong with an attempt to deliver a webhook."""
_PROSE = frozenset({"description", "summary", "title", "x-description-provenance"})
"""Members of an OpenAPI document that are written for people."""

_MEMBER = re.compile(rf'("(?:{"|".join(sorted(WORDING))})": ?)"[^"]*"')
_LENGTH = re.compile(r"content-length: \d+", re.IGNORECASE)
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_JS_COMMENT = re.compile(r"/\*.*?\*/|(?m:^\s*//.*$)|(?m:\s//\s.*$)", re.DOTALL)
_JS_SENTENCE = re.compile(r"\"[^\"\n]* [^\"\n]*\"|'[^'\n]* [^'\n]*'|`[^`]* [^`]*`")


def group_of(place: str, before: Any, after: Any) -> Literal["behaviour", "wording"]:
    """Return whether a change at a place is one of behaviour or of wording."""
    if place.endswith(REWORDED):
        return "wording"
    texts = isinstance(before, str) and isinstance(after, str) and MISSING not in (before, after)
    return "wording" if texts and _is_sentence(place) else "behaviour"


def changes(old: Json, new: Json) -> Iterator[Change]:
    """Yield what differs between the bodies of two recorded exchanges."""
    before, after = old.get("body", {}), new.get("body", {})
    if before == after:
        return
    texts = before.get("text"), after.get("text")
    if not all(isinstance(text, str) for text in texts):
        yield "body", before, after
        return
    if "raw" in old["request"]:
        same = _without_sentences(str(texts[0])) == _without_sentences(str(texts[1]))
        yield "bytes" + (REWORDED if same else ""), *_first_difference(str(texts[0]), str(texts[1]))
        return
    yield from _text_changes(str(texts[0]), str(texts[1]), _kind(old), _target(old))


def _without_sentences(response: str) -> str:
    """Return a raw response without texts for people, and lengths that depend on them."""
    text = _MEMBER.sub(r'\1"..."', response)
    return text if text == response else _LENGTH.sub("content-length: ...", text)


def _kind(exchange: Json) -> str:
    headers = {name.lower(): value for name, value in exchange.get("headers", [])}
    return str(headers.get("content-type", "")).partition(";")[0]


def _target(exchange: Json) -> str:
    return str(exchange["request"].get("target", "")).partition("?")[0]


def _text_changes(before: str, after: str, kind: str, target: str) -> Iterator[Change]:
    documents = [yaml_or_json(text) for text in (before, after) if _is_document(target, text)]
    if len(documents) == 2:
        old, new = documents
        only_names = target.startswith("/_mock/")
        yield from _document_changes(old, new, only_names=only_names)
    elif kind == "text/html":
        yield from html_structure.changes(before, after, prose=target.startswith("/docs"))
    elif kind in ("text/javascript", "application/javascript"):
        same = _script(before) == _script(after)
        yield "script" + (REWORDED if same else ""), *_first_difference(before, after)
    elif kind == "application/json":
        yield from _json_text_changes(before, after)
    else:
        yield "body", *_first_difference(before, after)


def _json_text_changes(before: str, after: str) -> Iterator[Change]:
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        yield "body", before, after
        return
    found = list(json_changes(old, new))
    yield from found
    texts = [json.dumps(_without_wording(value), ensure_ascii=False) for value in (old, new)]
    if texts[0] != texts[1] and all(group_of(*change) == "wording" for change in found):
        yield "order of members", *_first_difference(texts[0], texts[1])
    if not found and texts[0] == texts[1]:
        yield "bytes of the same JSON", *_first_difference(before, after)


def _is_document(target: str, text: str) -> bool:
    return target.endswith(("/openapi.json", "/openapi.yaml")) and "openapi" in text[:100]


def yaml_or_json(text: str) -> Any:
    """Return the value of a document in either notation."""
    return json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)


def _without_wording(value: Any, place: str = "") -> Any:
    """Return a JSON value with a placeholder for each text that is written for people."""
    if isinstance(value, dict):
        return {name: _without_wording(member, f"{place}/{name}") for name, member in value.items()}
    if isinstance(value, list):
        return [_without_wording(item, f"{place}/{index}") for index, item in enumerate(value)]
    return "..." if isinstance(value, str) and _is_sentence(place) else value


def _is_sentence(place: str) -> bool:
    return place.rpartition("/")[2] in WORDING or _SENTENCES.search(place) is not None


def _document_changes(old: Any, new: Any, *, only_names: bool) -> Iterator[Change]:
    """Compare two OpenAPI documents without their prose; or only operations and schemas."""
    yield from json_changes(_names(old), _names(new), "document")
    if only_names:
        if old != new:
            yield "document" + REWORDED, "...", "..."
        return
    found = list(json_changes(_without_prose(old), _without_prose(new)))
    yield from found
    if not found and old != new:
        for place, before, after in json_changes(old, new):
            yield place + REWORDED, before, after


def _names(document: Any) -> Json:
    """Return the operations with their responses and parameters, and the names of the schemas."""

    def named(node: Any) -> str:
        return str(node.get("name") or str(node.get("$ref", "")).rpartition("/")[2])

    operations = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                node = item[method]
                operations[f"{method} {path}"] = {
                    "operationId": node.get("operationId"),
                    "responses": sorted(node["responses"]),
                    "parameters": sorted(map(named, node.get("parameters", []))),
                    "takes a body": "requestBody" in node,
                }
    schemas = dict.fromkeys(sorted(document["components"]["schemas"]), True)
    return {"operations": operations, "schemas": schemas}


def _without_prose(node: Any, *, names: bool = False) -> Any:
    """Return a document without what is written for people; ``names`` are members of a map."""
    if isinstance(node, list):
        return [_without_prose(member) for member in node]
    if not isinstance(node, dict):
        return node
    maps = ("properties", "schemas", "headers", "examples", "paths", "responses", "parameters")
    return {
        name: _without_prose(member, names=name in maps and not names)
        for name, member in node.items()
        if names or not (name in _PROSE and isinstance(member, str))
    }


def _script(text: str) -> str:
    """Return a script without comments, sentences and layout."""
    return " ".join(_JS_SENTENCE.sub('"..."', _JS_COMMENT.sub("", text)).split())


def _first_difference(before: str, after: str) -> tuple[str, str]:
    """Return what stands in two texts around the first character that differs."""
    length = min(len(before), len(after))
    start = next((index for index in range(length) if before[index] != after[index]), length)
    window = slice(max(start - 30, 0), start + 60)
    return before[window], after[window]
