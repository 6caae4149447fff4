"""Payloads that try to escape from text, and a document with a payload in every text field."""

from __future__ import annotations

from typing import Any

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
    example = {"summary": text, "description": text, "value": {text: text, "list": [text]}}
    schema: Json = {
        "title": text,
        "description": text,
        "type": "object",
        "required": [text],
        "properties": {
            text: {
                "type": "string",
                "title": text,
                "description": text,
                "format": text,
                "pattern": text,
                "default": text,
                "example": text,
                "enum": [text, "b"],
            },
            "list": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": {"type": "string", "description": text},
    }
    referring: Json = {
        "$ref": "#/components/schemas/"
        + text.replace("~", "~0").replace("/", "~1").replace("%", "%25")
    }
    plain: Json = {
        "type": "string",
        "description": text,
        "default": text,
        "example": text,
        "enum": [text],
    }
    header = {"description": text, "schema": plain, "example": text}
    media = {"schema": referring, "examples": {text: example}}
    content = {JSON: media, text: {"schema": schema, "example": text}}
    operation: Json = {
        "operationId": text,
        "tags": [text],
        "x-group": text,
        "summary": text,
        "description": text,
        "x-description-provenance": text,
        "parameters": [
            {
                "name": text,
                "in": place,
                "required": True,
                "description": text,
                "schema": plain,
                "example": text,
            }
            for place in ("query", "header", "cookie")
        ],
        "requestBody": {"description": text, "content": content},
        "responses": {
            "200": {
                "description": text,
                "headers": {text: header},
                "content": content,
                "links": {text: _link(text)},
            },
            "404": {"$ref": "#/components/responses/Shared"},
            text: {"description": text, "content": content},
        },
        "security": [{text: []}],
    }
    return {
        "openapi": "3.0.3",
        "x-provenance": text,
        "info": {
            "title": text,
            "version": text,
            "description": text,
            "license": {"name": text, "url": text},
        },
        "servers": [{"url": f"https://api.example.com/{text}", "description": text}],
        "tags": [
            {"name": text, "description": text},
            {
                "name": f"{text} guide",
                "description": text,
                "x-traitTag": True,
                "x-provenance": text,
            },
        ],
        "paths": {
            f"/{text}": {"post": operation},
            "/plain": {"get": {**operation, "operationId": f"{text}2"}},
        },
        "components": {
            "schemas": {
                text: schema,
                f"{text}2": plain,
                "Both": {"properties": {"a": referring, "b": plain}},
            },
            "responses": {
                "Shared": {"description": text, "content": content, "headers": {text: header}}
            },
            "securitySchemes": {
                text: {"type": "apiKey", "in": "header", "name": text, "description": text}
            },
        },
    }


def _link(text: str) -> dict[str, Any]:
    return {"operationId": text, "description": text}
