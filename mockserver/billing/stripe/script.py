"""The script ``/_mock/stripe.js``: plain JavaScript, joined from the files of ``assets/``."""

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
"""The files in order of their dependencies."""


def script(base_url: str, now: datetime) -> str:
    """Return the script, with the address of the mock and its date, by which cards expire."""
    facts = orjson.dumps({"origin": base_url, "year": now.year, "month": now.month}).decode()
    return f'(() => {{\n"use strict";\nconst MOCK = {facts};\n{_source()}}})();\n'


@cache
def _source() -> str:
    return "".join((_ASSETS / name).read_text(encoding="utf-8") for name in _PARTS)
