"""The script at ``/_mock/stripe.js``: plain JavaScript from ``assets/``, put together without a build step."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import orjson

_ASSETS = Path(__file__).parent / "assets"
_PARTS = (
    "errors.js",
    "server.js",
    "cards.js",
    "styles.js",
    "field.js",
    "element.js",
    "card_elements.js",
    "payment_element.js",
    "elements.js",
    "challenge.js",
    "setup.js",
    "left_out.js",
    "stripe.js",
)
"""In the order in which they build on each other."""


def script(base_url: str, now: datetime) -> str:
    """The whole script. It knows where the mock is, and what time it is there: cards expire by the mock's clock."""
    facts = {"origin": base_url, "year": now.year, "month": now.month}
    return f'(() => {{\n"use strict";\nconst MOCK = {orjson.dumps(facts).decode()};\n{_source()}}})();\n'


@cache
def _source() -> str:
    return "".join((_ASSETS / name).read_text(encoding="utf-8") for name in _PARTS)
