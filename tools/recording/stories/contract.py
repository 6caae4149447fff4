"""Stories that follow from the contract alone: every operation with good and bad requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tools.recording.caller import Caller, Json
from tools.recording.stories import Story

PERSONAS = (
    *("default", "new", "low_balance", "exhausted", "card_declined", "card_expiring", "past_due"),
    *("subscriber", "power_user", "org_owner", "org_member", "rate_limited", "nobody_special"),
)
ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
OTHER_ORGANIZATION = "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_MEGABYTE = b'{"x":"' + b"x" * 1_100_000 + b'"}'
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """What the contract says of one operation, references followed."""

    id: str
    method: str
    path: str
    parameters: tuple[Json, ...]
    examples: dict[str, Any]
    """Bodies of requests by the name of their example."""
    schema: Json
    """Of the body of the request."""
    responses: dict[str, Json]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def target(self) -> str:
        """The path with a card that everybody may have, or the name of nothing."""
        path = self.path.replace("{payment_method_id}", "pm_card_visa")
        return re.sub(r"\{\w+\}", "nothing", path)

    def below(self, prefix: str) -> Operation:
        """Return the operation of a server that serves the document below a prefix."""
        return replace(self, path=prefix + self.path)

    @property
    def body(self) -> Any:
        """The first example of a body; None if the operation takes none."""
        return next(iter(self.examples.values()), None)


def stories(operations: list[Operation]) -> list[Story]:
    """Return the stories of the operations of the contract."""
    return [
        *(Story(f"reads/{persona}", _reads(operations, persona)) for persona in PERSONAS),
        *(Story(f"writes/{persona}", _writes(operations, persona)) for persona in PERSONAS),
        *(Story(f"errors/{operation.id}", errors(operation)) for operation in operations),
        *(Story(f"bodies/{each.id}", bodies(each)) for each in operations if each.examples),
        *(Story(f"prefer/{operation.id}", _prefer(operation)) for operation in operations),
        Story("methods", _methods(operations)),
        Story("rate limits of a persona", _used_up(operations)),
        Story("rate limits enforced", _enforced(operations), ("--enforce-rate-limits",)),
    ]


def operations_of(document: Json) -> list[Operation]:
    """Return the operations of an OpenAPI document."""

    def follow(node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            target: Any = document
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    found = []
    for address, item in document["paths"].items():
        for method in ("get", "put", "post", "delete", "patch"):
            if method in item:
                found.append(_operation(address, method, item, follow))
    return found


def _operation(path: str, method: str, item: Json, follow: Any) -> Operation:
    node = item[method]
    parameters = [
        follow(each) for each in (*item.get("parameters", []), *node.get("parameters", []))
    ]
    content = follow(node.get("requestBody", {})).get("content", {}).get("application/json", {})
    schema = follow(content.get("schema", {}))
    properties = {name: follow(each) for name, each in schema.get("properties", {}).items()}
    return Operation(
        node["operationId"],
        method.upper(),
        path,
        tuple(parameters),
        {name: follow(each)["value"] for name, each in content.get("examples", {}).items()},
        {**schema, "properties": properties},
        {status: follow(response) for status, response in node["responses"].items()},
    )


def _reads(operations: list[Operation], persona: str) -> Any:
    """Read all views of a persona, in pages of several sizes, for itself and its organization."""

    def play(caller: Caller) -> None:
        me = caller.as_(f"sk_test_{persona}")
        for operation in operations:
            if not operation.reads:
                continue
            me.get(operation.path)
            me.send("HEAD", operation.path)
            for query in _queries(operation):
                me.send("GET", operation.path, query=query)
            for organization in (ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION.upper()):
                headers = {"X-Organization-Id": organization}
                me.get(operation.path, headers)

    return play


def _queries(operation: Operation) -> Iterator[dict[str, object]]:
    names = [each["name"] for each in operation.parameters if each["in"] == "query"]
    if "limit" in names:
        yield {"limit": 1}
        yield {"limit": 100}
    if "offset" in names:
        yield {"limit": 3, "offset": 2}
        yield {"limit": 2, "offset": 100_000}
    if "per_page" in names:
        yield {"page": 1, "per_page": 1}
        yield {"page": 2, "per_page": 1}
        yield {"page": 1_000, "per_page": 100}
    if "days" in names:
        yield {"days": 1}
        yield {"days": 7}
        yield {"days": 365}
    if "reference_type" in names:
        for kind in ("scrape", "crawl", "signup", "deposit", "promo", "nothing", ""):
            yield {"reference_type": kind, "limit": 3}


def _writes(operations: list[Operation], persona: str) -> Any:
    """Send every write with every example of the contract, and read the account after it."""

    def play(caller: Caller) -> None:
        me = caller.as_(f"sk_test_{persona}")
        for operation in operations:
            if operation.reads:
                continue
            for body in operation.examples.values() or [None]:
                me.send(operation.method, operation.target, body)
        for operation in operations:
            if operation.reads:
                me.get(operation.path)
        me.get("/_mock/state")
        me.get("/_mock/invariants")
        me.get("/_mock/outbox")

    return play


def errors(operation: Operation) -> Any:
    """Provoke what any operation refuses: keys, media types, parameters, organizations."""

    def play(caller: Caller) -> None:
        nobody = caller.as_(None)
        me = caller.as_(f"sk_test_errors_{operation.id}")
        keys = (
            "",
            "nonsense",
            "sk_live_" + "a" * 32,
            "sk_test_",
            "sk_test_" + "x" * 300,
            "sk_test_ö",
        )
        nobody.send(operation.method, operation.target, operation.body, label="no key")
        nobody.send(operation.method, operation.target, [], label="no key, wrong body")
        for key in keys:
            headers = {"X-API-Key": key}
            nobody.send(
                operation.method,
                operation.target,
                operation.body,
                headers=headers,
                label=f"key {key[:20]!r}",
            )
        _wrong_content(me, operation)
        for parameter in operation.parameters:
            _wrong_parameter(me, operation, parameter)
        me.send(operation.method, operation.target, operation.body, query={"unknown": "1"})
        me.send(operation.method, operation.target.replace("pm_card_visa", "pm_card_unknown"))
        me.send(operation.method, operation.target + "/", operation.body)

    return play


def _wrong_content(me: Caller, operation: Operation) -> None:
    def send(label: str, content: bytes, kind: str | None = "application/json") -> None:
        headers = {"Content-Type": kind} if kind is not None else {}
        me.send(
            operation.method,
            operation.target,
            content=content,
            headers=headers,
            label=f"content {label}",
        )

    send("larger than 1 MB", _MEGABYTE)
    for kind in (
        _FORM,
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "",
        None,
    ):
        send(f"of type {kind}", b"{}", kind)
    for kind in ("application/json; charset=utf-8", "application/problem+json", "APPLICATION/JSON"):
        send(f"of type {kind}", b"{}", kind)
    for number, content in enumerate(
        (
            b"",
            b"{",
            b"\xff",
            b'"\xff"',
            b"[]",
            b"null",
            b"1",
            b'"x"',
            b"{}",
            b'{"a":1,"a":2}',
            b"NaN",
        ),
    ):
        send(f"number {number}", content)
    send("deep", b"[" * 50_000)


def _wrong_parameter(me: Caller, operation: Operation, parameter: Json) -> None:
    schema, name = parameter["schema"], parameter["name"]
    values: list[object] = [
        "",
        "abc",
        "1.5",
        "-1",
        "0",
        "1e2",
        " 1",
        "true",
        "null",
        "9" * 30,
        "ü",
        "\u0660",
    ]
    values += [
        schema[bound] + step for bound, step in (("minimum", -1), ("maximum", 1)) if bound in schema
    ]
    values += ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    for value in values:
        if parameter["in"] == "query":
            me.send(operation.method, operation.target, query={name: value})
        elif parameter["in"] == "header" and str(value).isascii():
            me.send(operation.method, operation.target, headers={name: str(value)})
    if parameter["in"] == "query":
        twice = f"{operation.target}?{name}=1&{name}=2"
        me.send(operation.method, twice)
    if parameter["in"] == "path":
        for value in ("x" * 300, "%20", "..%2F..", "%ff", "a%2Fb"):
            me.send(
                operation.method,
                operation.path.replace(f"{{{name}}}", value),
                label=f"path {value[:10]}",
            )


def bodies(operation: Operation) -> Any:
    """Send the body with one thing wrong at a time, and then with many."""

    def play(caller: Caller) -> None:
        me = caller.as_(f"sk_test_bodies_{operation.id}")
        base = max((value for value in operation.examples.values()), key=len)
        for name, schema in operation.schema["properties"].items():
            without = {key: value for key, value in base.items() if key != name}
            me.send(operation.method, operation.target, without, label=f"without {name}")
            for value in _odd_values(schema):
                shown = f"{name}: {str(value)[:30]!r} {type(value).__name__} {len(str(value))}"
                me.send(operation.method, operation.target, {**base, name: value}, label=shown)
        me.send(
            operation.method, operation.target, {**base, "unknown": 1}, label="unknown property"
        )
        wrong: Json = {name: [] for name in operation.schema["properties"]}
        me.send(operation.method, operation.target, wrong, label="everything wrong")
        me.send(operation.method, operation.target, {"unknown": 1}, label="nothing but unknown")
        me.get("balance")
        me.get("audit-log", limit=100)

    return play


def _odd_values(schema: Json) -> Iterator[Any]:
    yield from (
        None,
        True,
        0,
        1,
        -1,
        1.0,
        1.5,
        10**30,
        "",
        "1",
        "true",
        "x",
        [],
        {},
        "ü€",
        "\u0000",
    )
    yield from (
        "http://",
        "https://example.com/done",
        "javascript:alert(1)",
        "pm_card_visa",
        "pm_x y",
    )
    for bound in ("minimum", "maximum"):
        if bound in schema:
            yield from (schema[bound] - 1, schema[bound], schema[bound] + 1, str(schema[bound]))
    for bound in ("minLength", "maxLength"):
        if bound in schema:
            yield from (
                "x" * max(schema[bound] - 1, 0),
                "x" * schema[bound],
                "x" * (schema[bound] + 1),
            )
    yield from schema.get("enum", [])


def _prefer(operation: Operation) -> Any:
    """Ask for every documented response by status, by example, and generated from its schema."""

    def play(caller: Caller) -> None:
        def ask(value: str, key: str | None = None) -> None:
            headers = {"Prefer": value}
            caller.as_(key).send(
                operation.method,
                operation.target,
                operation.body,
                headers=headers,
                label=f"Prefer: {value}" + (f" ({key})" if key else ""),
            )

        for status, response in operation.responses.items():
            ask(f"code={status}")
            ask(f"code={status}, dynamic=true")
            content = response.get("content", {}).get("application/json", {})
            for name in content.get("examples", {}):
                ask(f"example={name}")
                ask(f"code={status}, example={name}")
        for value in _ODD_PREFERENCES:
            ask(value)
        for value in _WITH_A_KEY:
            ask(value, "sk_test_prefers")

    return play


_ODD_PREFERENCES = (
    "dynamic=true",
    "code=599",
    "code=x",
    "example=nothing",
    "unknown=1",
    "",
    "code",
)
_WITH_A_KEY = ("dynamic=false", "delay=0", "delay=1", "delay=x", "delay=-1", 'code="200"', "wait=1")


def _methods(operations: list[Operation]) -> Any:
    def play(caller: Caller) -> None:
        me = caller.as_("sk_test_methods")
        origin = {"Origin": "http://localhost:3000"}
        for path in dict.fromkeys(operation.target for operation in operations):
            for method in _METHODS:
                me.send(method, path)
                caller.send(method, path, label=f"{method} {path} without a key")
            me.send("GET", path, headers=origin, label=f"GET {path} from a page")
            for method in ("GET", "PUT", "DELETE"):
                asked = {
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": "x-api-key, content-type",
                }
                caller.send(
                    "OPTIONS", path, headers=origin | asked, label=f"preflight {method} {path}"
                )
        for path in (
            "/api/v1/billing",
            "/api/v1/billing/",
            "/api/v1/billing/nothing",
            "/api",
            "/apis",
        ):
            for method in ("GET", "POST", "OPTIONS"):
                me.send(method, path)
        for path in ("/nothing", "//api/v1/billing/balance", "/api/v1/billing//balance", "/API/v1"):
            me.get(path)

    return play


def _used_up(operations: list[Operation]) -> Any:
    """Exhaust the persona that has five requests a minute, for each operation anew."""

    def play(caller: Caller) -> None:
        me = caller.as_("sk_test_rate_limited")
        for operation in operations:
            me.post("/_mock/reset")
            for _ in range(4):
                me.get("balance")
            me.send(operation.method, operation.target, operation.body)
            me.send(operation.method, operation.target, operation.body)
            me.send(operation.method, operation.target, [], label=f"{operation.id}, wrong body")
        me.post("/_mock/clock/advance", {"seconds": 30})
        me.get("balance")
        me.post("/_mock/clock/advance", {"seconds": 30})
        me.get("balance")

    return play


def _enforced(operations: list[Operation]) -> Any:
    def play(caller: Caller) -> None:
        for persona in ("new", "default", "exhausted", "power_user"):
            me = caller.as_(f"sk_test_{persona}")
            for _ in range(40 if persona != "default" else 101):
                me.get("balance")
            me.post("setup-intent")
        me = caller.as_("sk_test_new")
        for operation in operations:
            me.send(operation.method, operation.target, operation.body)
        me.post("/_mock/clock/advance", {"seconds": 60})
        me.get("balance")

    return play
