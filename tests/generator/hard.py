"""Schemas for which a value is hard to find, each for another reason, and unsatisfiable schemas."""

from __future__ import annotations

from typing import Any

Schemas = dict[str, dict[str, Any]]


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def text(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", **keywords}


def whole(**keywords: Any) -> dict[str, Any]:
    return {"type": "integer", **keywords}


def number(**keywords: Any) -> dict[str, Any]:
    return {"type": "number", **keywords}


def many(items: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **keywords}


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        **({"required": list(required)} if required else {}),
        "properties": properties,
    }


COMPONENTS: Schemas = {
    "Tree": thing("value", "children", value=whole(), children=many(ref("Tree"))),
    "Chain": thing("next", next={"nullable": True, "type": "object", "allOf": [ref("Link")]}),
    "Link": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": text(), "link": ref("Link")},
        "nullable": True,
    },
    "Folder": thing("entries", entries=many({"oneOf": [ref("File"), ref("Folder")]}, minItems=1)),
    "File": thing("size", size=whole(minimum=0)),
    "Even": thing("odd", odd={"anyOf": [ref("Odd"), text(enum=["end"])]}),
    "Odd": thing("even", even=ref("Even")),
    "Expression": {
        "oneOf": [
            number(),
            thing(
                "op",
                "args",
                op=text(enum=["+", "*"]),
                args=many(ref("Expression"), minItems=2, maxItems=2),
            ),
        ]
    },
    "Wide": thing(**{f"part{index}": ref("Wide") for index in range(12)}),
    "Named": thing("name", name=text(minLength=1, maxLength=20)),
    "Aged": thing("age", age=whole(minimum=0, maximum=150)),
    "Sealed": {**thing("name", name=text(), age=whole()), "additionalProperties": False},
    "Pet": {**thing("kind", kind=text(), name=text()), "discriminator": {"propertyName": "kind"}},
    "Cat": {"allOf": [ref("Pet"), thing("lives", lives=whole(minimum=1, maximum=9))]},
    "Dog": {"allOf": [ref("Pet"), thing("bark", bark=text(enum=["woof", "yip"]))]},
    "Card": thing(
        "type", "last4", type=text(enum=["card", "credit"]), last4=text(pattern=r"^\d{4}$")
    ),
    "Bank": thing(
        "type",
        "iban",
        type=text(enum=["bank"]),
        iban=text(pattern=r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$"),
    ),
    "Color": text(enum=["red", "green", "blue"]),
    "Login": {
        "type": "object",
        "required": ["user", "password"],
        "properties": {
            "user": text(),
            "password": text(writeOnly=True, format="password"),
            "secret": ref("Hidden"),
        },
    },
    "Hidden": text(writeOnly=True),
    "Page": thing("items", "total", items=many(ref("Named"), maxItems=3), total=whole(minimum=0)),
    "Escaped.Name-1": thing("ok", ok={"type": "boolean"}),
}

HARD: Schemas = {
    # Numbers
    "multiple of seven in a tight window": whole(minimum=100, maximum=109, multipleOf=7),
    "one integer only": whole(minimum=41, exclusiveMinimum=True, maximum=43, exclusiveMaximum=True),
    "a least common multiple": {
        "allOf": [whole(multipleOf=6), whole(multipleOf=10), whole(minimum=1, maximum=59)]
    },
    "prices by the cent": number(minimum=0, maximum=99.99, multipleOf=0.01),
    "a float between two neighbours": number(
        minimum=0.1, exclusiveMinimum=True, maximum=0.10001, exclusiveMaximum=True
    ),
    "multiple of a fraction, negative": number(maximum=-0.5, minimum=-2, multipleOf=0.25),
    "int64 at its upper end": whole(format="int64", minimum=9223372036854775806),
    "int64 at its lower end": whole(format="int64", maximum=-9223372036854775807),
    "int32 in microcents": {
        "type": "object",
        "required": ["a_microcents"],
        "properties": {"a_microcents": whole(format="int32")},
    },
    "only a maximum, far below zero": whole(maximum=-1000000007, multipleOf=1000),
    "huge floats": number(minimum=1e300),
    "tiny floats": number(minimum=0, exclusiveMinimum=True, maximum=1e-300),
    "number and integer combined": {"allOf": [number(minimum=0.5), whole(maximum=1)]},
    "a number that is no integer": {"allOf": [number(minimum=0, maximum=3)], "not": whole()},
    "a number with holes": {**whole(minimum=1, maximum=6), "not": {"enum": [1, 2, 3, 5, 6]}},
    # Strings
    "password with lookaheads": text(
        pattern=r"^(?=.*[A-Z])(?=.*\d)(?=.*[!@#$%]).{10,}$", maxLength=16
    ),
    "negative lookahead": text(pattern=r"^(?!admin|root)[a-z]{4,8}$"),
    "pattern and exact length": text(pattern=r"^(abc|de)+$", minLength=11, maxLength=11),
    "open pattern, long text": text(pattern="needle", minLength=120, maxLength=130),
    "letters of any alphabet": text(
        pattern=r"^\p{L}+( \p{Lu}\p{Ll}*)?$", minLength=3, maxLength=30
    ),
    "Chinese characters and an emoji": text(pattern="^[\\u4e00-\\u9fa5]{2,4}\\u{1F600}$"),
    "Greek script": text(pattern=r"^\p{Script=Greek}{5}$"),
    "a back reference": text(pattern=r"^(['\"])[a-z]+\1$"),
    "nested groups and counts": text(
        pattern=r"^((\d{1,3}\.){3}\d{1,3}|([0-9a-f]{2}:){5}[0-9a-f]{2})$"
    ),
    "escaped brackets": text(pattern=r"^\[[^\]\\]{1,5}\]\(\/\w+\)\{\}$"),
    "hyphens in classes": text(pattern=r"^[-a-c][\w-][+\-*/][^-]$"),
    "several patterns": {
        "allOf": [text(pattern="^ab"), text(pattern="yz$"), text(minLength=6, maxLength=8)]
    },
    "minLength 5000": text(minLength=5000),
    "huge maxLength": text(maxLength=2147483647),
    "exactly nothing": text(maxLength=0),
    "one character": text(minLength=1, maxLength=1),
    "a time of one year": text(format="date-time", pattern="^2031-"),
    "a time in UTC, to the microsecond": text(format="date-time", pattern=r"\.\d{6}Z$"),
    "a time of 30 characters": text(format="date-time", minLength=30, maxLength=30),
    "a short address": text(format="email", maxLength=8),
    "an address of one domain": text(format="email", pattern=r"@example\.org$"),
    "a long address": text(format="uri", minLength=200, maxLength=210),
    "an address with a path": text(format="uri", pattern=r"^https://api\.example\.com/v\d/[a-z]+$"),
    "a host name of 63": text(format="hostname", minLength=63, maxLength=63),
    "IPv6 in few characters": text(format="ipv6", maxLength=5),
    "every format": thing(
        *(
            formats := (
                "date-time",
                "date",
                "time",
                "duration",
                "email",
                "hostname",
                "ipv4",
                "ipv6",
                "uri",
                "uuid",
                "byte",
                "binary",
                "password",
                "uri-reference",
                "json-pointer",
                "uri-template",
                "regex",
                "made-up",
            )
        ),
        **{name: text(format=name) for name in formats},
    ),
    "base64 of some length": text(format="byte", minLength=17, maxLength=23),
    # Enums and null
    "an enum with null": text(enum=["a", None], nullable=True),
    "an enum of null only": {"nullable": True, "type": "string", "enum": [None]},
    "an enum with one valid value": {
        "allOf": [ref("Color"), text(enum=["black", "blue"]), text(maxLength=4)]
    },
    "an enum of objects with names of keywords": {
        "enum": [{"title": "a", "nullable": True}, {"$ref": "x"}, [1, [2]], 1.5, False, ""]
    },
    "true is not one": {"enum": [1, True], "not": whole()},
    "nullable by allOf": {"type": "object", "nullable": True, "allOf": [ref("Named")]},
    "a reference to what may be null": thing("link", link=ref("Link")),
    # Arrays
    "all values of an enum once": many(ref("Color"), uniqueItems=True, minItems=3),
    "both booleans": many({"type": "boolean"}, uniqueItems=True, minItems=2),
    "unique objects out of few": many(
        thing("a", "b", a={"type": "boolean"}, b=whole(minimum=1, maximum=2)),
        uniqueItems=True,
        minItems=4,
    ),
    "all integers of a range": many(whole(minimum=1, maximum=20), uniqueItems=True, minItems=20),
    "a hundred items": many(thing("id", id=text(format="uuid")), minItems=100, maxItems=100),
    "always empty": many(ref("Named"), maxItems=0),
    "arrays in arrays": many(many(many(whole(), minItems=2, maxItems=2), minItems=2), minItems=1),
    "items without a value": many({"allOf": [text(), whole()]}),
    # Objects
    "a map with at least five": {
        "type": "object",
        "minProperties": 5,
        "maxProperties": 6,
        "additionalProperties": whole(minimum=0),
    },
    "exactly two of four": {
        **thing(a=whole(), b=whole(), c=whole(), d=whole()),
        "minProperties": 2,
        "maxProperties": 2,
    },
    "names by pattern": {
        "type": "object",
        "patternProperties": {"^x-[a-z]{3}$": text(maxLength=3), "^n\\d": whole()},
        "additionalProperties": False,
        "minProperties": 4,
    },
    "a name with a pattern of its own": {
        **thing("n1", n1=whole(minimum=5)),
        "patternProperties": {"^n": whole(maximum=6)},
    },
    "a map of maps": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": ref("Color"),
        },
    },
    "properties named like keywords": thing(
        "type",
        "properties",
        "$ref",
        "required",
        **{
            "type": text(),
            "properties": whole(),
            "$ref": text(),
            "required": {"type": "boolean"},
            "allOf": many(whole()),
            "nullable": text(),
            "example": text(),
            "x-y": text(),
            "additionalProperties": text(),
        },
    ),
    "a required name that is not among the properties": {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": whole()},
    },
    "an optional property without a value": thing("a", a=whole(), b={"allOf": [text(), whole()]}),
    "never write-only": ref("Login"),
    "no type but keywords": {
        "properties": {"a": {"minimum": 3}, "b": {"minLength": 2}, "c": {"items": whole()}},
        "required": ["a", "b", "c"],
    },
    "anything": {},
    "a list of anything": {"type": "array", "items": {}},
    # Choices
    "overlapping ranges, exactly one": {
        "oneOf": [whole(minimum=0, maximum=10), whole(minimum=5, maximum=15)]
    },
    "exactly one of nested objects": {
        "oneOf": [thing("a", a=whole()), thing("a", "b", a=whole(), b=whole())]
    },
    "exactly one of three that mostly overlap": {
        "oneOf": [
            {"multipleOf": 2, "type": "integer"},
            {"multipleOf": 3, "type": "integer"},
            {"multipleOf": 5, "type": "integer"},
        ],
        "minimum": 6,
        "maximum": 60,
    },
    "exactly one by format": {
        "oneOf": [text(format="date"), text(format="uuid"), text(pattern="^[a-z]+$")]
    },
    "at least one, with the rest beside": {
        **thing("id", id=whole()),
        "anyOf": [thing("a", a=text()), thing("b", b=text())],
    },
    "two choices at once": {
        "allOf": [
            {"oneOf": [thing("a", a=whole()), thing("b", b=whole())]},
            {"anyOf": [thing("c", c=whole()), thing("d", d=whole())]},
        ]
    },
    "one way through many choices": {
        "allOf": [
            {"anyOf": [text(), whole()]},
            {"anyOf": [whole(), {"type": "boolean"}]},
            {"oneOf": [whole(minimum=3), {"type": "boolean"}]},
        ]
    },
    "discriminator with a mapping": {
        "oneOf": [ref("Card"), ref("Bank")],
        "discriminator": {
            "propertyName": "type",
            "mapping": {"credit": "#/components/schemas/Card", "bank": "#/components/schemas/Bank"},
        },
    },
    "discriminator of a base": many({"oneOf": [ref("Cat"), ref("Dog")]}, minItems=2),
    "two negations": {
        "type": "object",
        "properties": {"a": whole(), "b": whole(), "c": whole()},
        "not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        "minProperties": 1,
    },
    "not a short one": {**text(), "not": text(maxLength=40)},
    "not what a pattern says": {**text(pattern="^[ab]{3}$"), "not": {"pattern": "a"}},
    # Parts of wholes
    "parts of an object": {"allOf": [ref("Named"), ref("Aged"), thing("city", city=text())]},
    "a closed part": {
        "allOf": [ref("Sealed"), {"required": ["age"], "properties": {"age": whole(minimum=18)}}]
    },
    "bounds from three parts": {
        "allOf": [whole(minimum=3), whole(maximum=9, exclusiveMaximum=True), whole(multipleOf=4)]
    },
    "parts within parts": {
        "allOf": [
            {"allOf": [{"allOf": [ref("Named")]}, ref("Aged")]},
            {"properties": {"name": text(pattern="^[A-Z]{3}$")}},
        ]
    },
    "a page of things with its items narrowed": {
        "allOf": [
            ref("Page"),
            {
                "properties": {
                    "items": {
                        "minItems": 2,
                        "items": {"properties": {"name": {"enum": ["x", "y"]}}},
                    }
                }
            },
        ]
    },
    "a component with a dot in its name": ref("Escaped.Name-1"),
    # Recursion
    "a tree": ref("Tree"),
    "a chain that ends with null": ref("Chain"),
    "folders in folders, never empty": ref("Folder"),
    "two schemas that contain each other": ref("Even"),
    "an expression": ref("Expression"),
    "twelve recursive properties": ref("Wide"),
    "a tree with a part of its own": {
        "allOf": [ref("Tree"), thing("root", root={"type": "boolean"})]
    },
    "forty levels": {},
    # What the author offers
    "Faker by name": thing("a", a=text(**{"x-faker": "iban"})),
    "Faker with arguments": thing(
        "a", a=whole(**{"x-faker": {"pyint": {"min_value": 3, "max_value": 5}}})
    ),
    "Faker that never fits": text(**{"x-faker": "sentence", "maxLength": 3}),
    "an example that does not fit": whole(minimum=5, example=3, default="x"),
}
level: dict[str, Any] = whole(minimum=1)
for depth in range(40):
    level = thing("in", **{"in": level}) if depth % 2 else many(level, minItems=1, maxItems=1)
HARD["forty levels"] = level

IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "no integer between": (
        whole(minimum=1, exclusiveMinimum=True, maximum=2, exclusiveMaximum=True),
        "minimum",
    ),
    "two types at once": ({"allOf": [text(), whole()]}, "type"),
    "contradicting lengths": (text(minLength=5, maxLength=4), "Length"),
    "too few values for unique items": (many(ref("Color"), uniqueItems=True, minItems=4), "Items"),
    "endless recursion": (ref("Endless"), "without end"),
    "endless mutual recursion": (ref("Left"), "without end"),
    "required and forbidden": (
        {"type": "object", "required": ["a"], "additionalProperties": False},
        "required",
    ),
    "not anything": ({"not": {}}, "not"),
    "an enum that does not fit": (text(enum=[1, 2]), "enum"),
    "both and not both": ({"oneOf": [text(), text()]}, "oneOf"),
    "more properties than are named": ({**thing(a=whole()), "minProperties": 2}, "minProperties"),
    "a pattern that is too short": (text(pattern="^a$", minLength=3), "pattern"),
    "an invalid pattern": (text(pattern="("), "pattern"),
    "unknown Faker provider": (text(**{"x-faker": "frist_name"}), "did you mean 'first_name'"),
    "wrong Faker arguments": (text(**{"x-faker": {"pyint": {"sides": 6}}}), "pyint"),
    "no such Faker hint": (text(**{"x-faker": 5}), "x-faker"),
}
IMPOSSIBLE_COMPONENTS: Schemas = {
    **COMPONENTS,
    "Endless": thing("again", again=ref("Endless")),
    "Left": thing("right", right=ref("Right")),
    "Right": thing("lefts", lefts=many(ref("Left"), minItems=1)),
}
