"""Counts the resources of a document that hold their state: what is posted is read back.

A resource has a POST on a collection (or a PUT on an item) and a GET of the item. For each, one
valid request creates an item, below parents that are created first, and the item is read. It holds
its state if every field that was sent, and that the schema of the response allows with this value,
is read back equal. All responses are validated. Usage:

    python -m benchmarks.resource_state FILE ...          serve each document with the mock
    python -m benchmarks.resource_state --url URL FILE    test any running server
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from msgspec import Struct, field

from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema
from mockserver.resources.shapes import Shapes

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_IDS = ("id", "gid", "uuid", "sid", "guid", "key", "slug", "name", "username", "code", "number")
_MAX_DEPTH = 6


class Result(Struct):
    """The counts of one document."""

    resources: int = 0
    held: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Why a resource does not hold its state, by the path of its items."""
    responses: int = 0
    invalid: list[str] = field(default_factory=list)
    """Responses that are not documented, or break their schema."""


class Counter:
    """Tests the resources of one document on one server."""

    def __init__(self, contract: Contract, client: httpx.Client, seed: int = 1) -> None:
        self.result = Result()
        self._contract = contract
        self._client = client
        self._shapes = Shapes(contract.follow)
        self._generator = Generator(contract.schemas, seed)
        self._by_path: dict[str, dict[str, Operation]] = {}
        for operation in contract.operations.values():
            path = _PARAMETER.sub("{}", operation.path)
            self._by_path.setdefault(path, {})[operation.method] = operation

    def count(self) -> Result:
        """Test all resources."""
        for path, operations in self._by_path.items():
            if not path.endswith("/{}") or "get" not in operations:
                continue
            above = self._by_path.get(path.removesuffix("/{}"), {})
            create = above.get("post") or operations.get("put")
            if create is None or not self._is_json_object(operations["get"]):
                continue
            self.result.resources += 1
            why = self._why_not(path, operations["get"], create)
            if why is None:
                self.result.held.append(path)
            else:
                self.result.failed[path] = why
        return self.result

    def _is_json_object(self, operation: Operation) -> bool:
        schema = self._response_schema(operation, operation.success)
        return schema is not None and self._shapes.of(schema).is_object

    def _why_not(self, path: str, get: Operation, create: Operation) -> str | None:
        """Return why a resource does not hold its state; None if it does."""
        try:
            values = self._values(path.removesuffix("/{}"), create, 0)
            if create.method == "put":
                values.append(self._value_of(create.path_names[-1], create))
            response, sent = self._call(create, values)
        except NoValue as error:
            return f"no valid request: {error}"
        if not response.is_success:
            return f"{create.method} {response.status_code}"
        key = values[-1] if create.method == "put" else self._key(response, get)
        if key is None:
            return "no key in the response"
        read, _ = self._call(get, [*values[: path.count("{}") - 1], key])
        if read.status_code != get.success:
            return f"get {read.status_code}"
        return self._difference(sent, read.json(), get)

    def _difference(self, sent: Any, body: Any, get: Operation) -> str | None:
        """Return the first field that is not read back."""
        schema = self._response_schema(get, get.success) or {}
        sent, body, schema = self._unwrapped(sent, body, schema)
        if not isinstance(sent, dict) or not isinstance(body, dict):
            return None
        properties = self._shapes.of(schema).properties
        for name, value in sent.items():
            if name not in properties or value is None:
                continue
            allowed = self._contract.validator(properties[name], closed=True)
            read = body.get(name)
            if allowed.is_valid(value) and not _contains(read, value):
                return f"{name}: sent {value!r}, read {read!r}"[:200]
        return None

    def _unwrapped(self, sent: Any, body: Any, schema: Schema) -> tuple[Any, Any, Schema]:
        """Return the items in envelopes."""
        for side in range(2):
            value = (sent, body)[side]
            inner = _only_object(value)
            properties = self._shapes.of(schema).properties
            if inner is None:
                continue
            if side == 0 and inner not in properties | {}:
                sent = sent[inner]
            elif side == 0 and isinstance(body, dict) and inner in body and len(body) <= 2:
                sent, body, schema = sent[inner], body[inner], properties.get(inner, {})
            elif side == 1:
                names = set(sent) if isinstance(sent, dict) else set()
                inside = self._shapes.of(properties.get(inner, {})).properties
                if names & inside.keys() and not names & properties.keys():
                    body, schema = body[inner], properties.get(inner, {})
        return sent, body, schema

    def _values(self, collection: str, operation: Operation, depth: int) -> list[str]:
        """Return values for the path parameters of a collection, of items that exist."""
        values: list[str] = []
        segments = collection.strip("/").split("/")
        for index, segment in enumerate(segments):
            if "{}" not in segment:
                continue
            above = "/" + "/".join(segments[:index])
            name = operation.path_names[len(values)]
            values.append(self._existing(above, values, depth) or self._value_of(name, operation))
        return values

    def _existing(self, collection: str, values: list[str], depth: int) -> str | None:
        """Return the key of an item: a created one, else a listed one; None without any."""
        operations = self._by_path.get(collection, {})
        get = self._by_path.get(f"{collection}/{{}}", {}).get("get")
        if depth >= _MAX_DEPTH or get is None:
            return None
        for method in ("post", "get"):
            operation = operations.get(method)
            if operation is not None:
                response, _ = self._call(operation, values)
                key = self._key(response, get) if response.is_success else None
                if key is not None:
                    return key
        return None

    def _key(self, response: httpx.Response, get: Operation) -> str | None:
        """Return the key of the item in a response."""
        location = response.headers.get("Location")
        if location:
            return str(httpx.URL(location).path.rstrip("/").rsplit("/", 1)[-1])
        try:
            body = response.json()
        except ValueError:
            return None
        name = get.path_names[-1]
        noun = _plain(get.path.split("/")[-2])
        words = [_plain(name), *(end for end in _IDS[:5] if _plain(name).endswith(end)), *_IDS]
        words += [noun.removesuffix("s") + end for end in ("id", "name")]
        for item in _objects(body):
            by_word = {_plain(key): value for key, value in item.items()}
            for word in words:
                if isinstance(by_word.get(word), str | int):
                    return str(by_word[word])
        return None

    def _value_of(self, name: str, operation: Operation) -> str:
        """Return a valid value of a path parameter: its example, else a generated one."""
        for parameter in operation.parameters:
            if (parameter["in"], parameter["name"]) == ("path", name):
                return str(self._parameter(parameter))
        return "1"

    def _parameter(self, parameter: Schema) -> Any:
        schema = self._contract.follow(parameter.get("schema", {}))
        for place in (parameter, schema):
            if "example" in place:
                return place["example"]
        for example in parameter.get("examples", {}).values():
            return self._contract.follow(example).get("value")
        return self._generator.compile(parameter.get("schema", {})).make(parameter["name"])

    def _call(self, operation: Operation, values: list[str]) -> tuple[httpx.Response, Any]:
        """Send a valid request, and validate the response."""
        left = iter(values)
        path = _PARAMETER.sub(lambda _: quote(next(left, "1"), safe=""), operation.path)
        query: dict[str, Any] = {}
        headers: dict[str, str] = {}
        for parameter in operation.parameters:
            if parameter.get("required") and parameter["in"] in ("query", "header"):
                value = self._parameter(parameter)
                if parameter["in"] == "query":
                    query[parameter["name"]] = value
                else:
                    headers[parameter["name"]] = str(value)
        body, content, media_type = self._body(operation)
        if media_type is not None:
            headers["Content-Type"] = media_type
        url = self._contract.base_path + path
        response = self._client.request(
            operation.method.upper(), url, params=query, headers=headers, content=content
        )
        self._judge(operation, response)
        return response, body

    def _body(self, operation: Operation) -> tuple[Any, bytes | None, str | None]:
        node = self._contract.follow(operation.request_body or {})
        content = node.get("content", {})
        name = next(filter(is_json, content), None) or next(
            (kind for kind in content if "urlencoded" in kind), None
        )
        if name is None:
            return None, None, None
        schema = content[name].get("schema", {})
        value = self._generator.compile(schema).make(operation.operation_id)
        value = self._without_read_only(schema, value)
        if operation.method == "put" and isinstance(value, dict):
            # The path decides where the body repeats it.
            repeated = {"id", *(_plain(parameter) for parameter in operation.path_names)}
            inner = _only_object(value)
            for item in (value, value[inner] if inner is not None else {}):
                for field_name in [key for key in item if _plain(key) in repeated]:
                    del item[field_name]
        if is_json(name):
            return value, json.dumps(value).encode(), "application/json"
        indexed = any(
            part.get("style") == "deepObject" for part in content[name].get("encoding", {}).values()
        )
        pairs = list(_fields(value, indexed=indexed))
        return _without_empty(value), urlencode(pairs).encode(), name

    def _without_read_only(self, schema: Schema, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        hidden = self._shapes.annotated(schema, "readOnly")
        properties = self._shapes.of(schema).properties
        return {
            name: self._without_read_only(properties.get(name, {}), part)
            for name, part in value.items()
            if name not in hidden
        }

    def _judge(self, operation: Operation, response: httpx.Response) -> None:
        """Count a response, and keep why it is invalid."""
        self.result.responses += 1
        where = f"{operation.operation_id} {response.status_code}"
        if response.status_code >= 500:
            self.result.invalid.append(f"{where}: {response.text[:200]}")
            return
        schema = self._response_schema(operation, response.status_code)
        if schema is None or not response.content:
            return
        validator = self._contract.validator(schema)
        for error in validator.iter_errors(response.json()):
            self.result.invalid.append(f"{where}: {error.message[:200]}")
            return

    def _response_schema(self, operation: Operation, status: int) -> Schema | None:
        response = self._contract.follow(operation.response(status) or {})
        for name, media in response.get("content", {}).items():
            if is_json(name):
                schema: Schema = media.get("schema", {})
                return schema
        return None


def _objects(body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a body, outermost first; of a list, the first one."""
    level = [body]
    for _ in range(3):
        level = [value[0] if isinstance(value, list) and value else value for value in level]
        objects = [value for value in level if isinstance(value, dict)]
        yield from objects
        level = [part for value in objects for part in value.values()]


def _only_object(value: Any) -> str | None:
    """Return the name of the property that holds an item in an envelope."""
    if not isinstance(value, dict) or len(value) > 3:
        return None
    names = [name for name, part in value.items() if isinstance(part, dict)]
    return names[0] if len(names) == 1 else None


def _fields(value: Any, name: str = "", *, indexed: bool) -> Iterator[tuple[str, str]]:
    """Yield the fields of a form, with brackets for nested ones.

    Items of a list have an index if ``indexed``; else they repeat the name.
    """
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _fields(part, f"{name}[{key}]" if name else key, indexed=indexed)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            nested = indexed or isinstance(part, dict | list)
            yield from _fields(part, f"{name}[{index}]" if nested else name, indexed=indexed)
    elif value is not None:
        yield name, json.dumps(value) if isinstance(value, bool) else str(value)


def _without_empty(value: Any) -> Any:
    """Return a value without what a form cannot carry: empty objects and lists, and null."""
    if isinstance(value, dict):
        parts = {name: _without_empty(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part not in ({}, [], None)}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _contains(read: Any, sent: Any) -> bool:
    """Return whether everything that was sent is read back. Objects may have more fields."""
    if isinstance(sent, dict):
        return isinstance(read, dict) and all(
            _contains(read.get(name), part) for name, part in sent.items() if part is not None
        )
    if isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        return all(map(_contains, read, sent))
    return read == sent or str(read) == str(sent)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def credentials(contract: Contract) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and query parameters that satisfy all security schemes of a document."""
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    for scheme in contract.security_schemes.values():
        if scheme.get("type") == "apiKey":
            place = {"header": headers, "query": query}.get(scheme["in"])
            if place is None:
                headers["Cookie"] = f"{scheme['name']}=mock"
            else:
                place.setdefault(scheme["name"], "mock")
        elif str(scheme.get("scheme", "")).lower() == "basic":
            headers["Authorization"] = "Basic bW9jazptb2Nr"
        else:
            headers["Authorization"] = "Bearer mock"
    return headers, query


@contextmanager
def _served(spec: Path) -> Iterator[str]:
    """Serve a document with the mock, and return its URL."""
    command = [sys.executable, "-m", "mockserver", "--port", "0", "--quiet", "--spec", str(spec)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        found = re.search(r"http://\S+", line)
        if found is None:
            raise SystemExit(f"{spec}: the mock does not start")
        yield found[0].rstrip(",")
    finally:
        process.terminate()
        process.wait()


def measure(spec: Path, url: str) -> Result:
    """Return the counts of a document on a running server."""
    contract = Contract.load(spec)
    headers, query = credentials(contract)
    with httpx.Client(base_url=url, headers=headers, params=query, timeout=60) as client:
        return Counter(contract, client).count()


def main() -> None:
    """Print one line for each document, and why resources do not hold their state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--verbose", action="store_true", help="list what fails")
    parser.add_argument("specs", nargs="+", type=Path)
    flags = parser.parse_args()
    for spec in flags.specs:
        began = time.monotonic()
        if flags.url:
            result = measure(spec, flags.url)
        else:
            with _served(spec) as url:
                result = measure(spec, url)
        share = f"{len(result.held)}/{result.resources} resources hold their state"
        valid = f"{result.responses - len(result.invalid)}/{result.responses} responses valid"
        print(f"{spec.name}: {share}, {valid}, {time.monotonic() - began:.1f} s", flush=True)
        if flags.verbose:
            for path, why in result.failed.items():
                print(f"  {path}: {why}")
            for why in result.invalid:
                print(f"  INVALID {why}")


if __name__ == "__main__":
    main()
