"""The scripts ``/_mock/stripe.js`` and ``/_mock/stripe/frame.js``, joined from ``assets/``."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import orjson

_ASSETS = Path(__file__).parent / "assets"
PAGE = (
    "errors.js",
    "origin.js",
    "server.js",
    "dom.js",
    "frames.js",
    "emitter.js",
    "element.js",
    "handles.js",
    "elements.js",
    "challenge.js",
    "setup.js",
    "left_out.js",
    "stripe.js",
)
"""The files of the script of a page, in order of their dependencies."""
FRAME = (
    "errors.js",
    "frame/origin.js",
    "server.js",
    "dom.js",
    "frame/cards.js",
    "frame/locales.js",
    "frame/styles.js",
    "frame/field.js",
    "frame/frame_element.js",
    "frame/card_elements.js",
    "frame/payment_element.js",
    "frame/contact_elements.js",
    "frame/bank.js",
    "frame/frame.js",
)
"""The files of the script of its frames."""


def script(base_url: str, now: datetime, parts: tuple[str, ...] = PAGE) -> str:
    """Return a script, with the address of the mock and its date, by which cards expire."""
    facts = orjson.dumps({"origin": base_url, "year": now.year, "month": now.month}).decode()
    return f'(() => {{\n"use strict";\nconst MOCK = {facts};\n{_source(parts)}}})();\n'


@cache
def _source(parts: tuple[str, ...]) -> str:
    return "".join((_ASSETS / name).read_text(encoding="utf-8") for name in parts)
