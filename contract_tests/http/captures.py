"""Values of responses that later requests use, such as the id of a card that was just added.

When requests are sent again, their responses have other values. These replace the recorded ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import escape
from contract_tests.openapi.provenance import unescape

_MIN_LENGTH = 6
"""A shorter value is a word or a number, which another response has by coincidence."""


@dataclass(frozen=True)
class Capture:
    """A value of a response that a later request uses."""

    step: int
    """The index of the exchange with the response."""
    pointer: str
    """JSON pointer into the response's body."""
    value: str


def captures(exchanges: Sequence[Exchange]) -> list[Capture]:
    """Return the values that exchanges take from responses before them, longest values first."""
    found: dict[str, Capture] = {}
    requests = [_request(exchange) for exchange in exchanges]
    for index, exchange in enumerate(exchanges):
        later = "\n".join(requests[index + 1 :])
        before = "\n".join(requests[: index + 1])  # what a request had first is no new value
        for pointer, value in _strings(exchange.json):
            if _is_opaque(value) and value in later and value not in before:
                found.setdefault(value, Capture(index, pointer, value))
    return sorted(found.values(), key=lambda capture: -len(capture.value))


def substituted(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the values replaced, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, values[value])
    return text


def value_at(body: Any, pointer: str) -> str | None:
    """Return the string at a pointer; None if there is none."""
    for part in pointer.split("/")[1:]:
        try:
            body = body[int(part)] if isinstance(body, list) else body[unescape(part)]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return body if isinstance(body, str) else None


def _request(exchange: Exchange) -> str:
    return f"{exchange.url}\n{exchange.request_body.decode('utf-8', 'replace')}"


def _strings(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _strings(child, f"{pointer}/{escape(name)}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _strings(child, f"{pointer}/{index}")
    elif isinstance(value, str):
        yield pointer, value


def _is_opaque(value: str) -> bool:
    """Return whether a value can be an id, a code or a token."""
    is_word = value.replace("_", "").isalpha()
    return len(value) >= _MIN_LENGTH and not is_word and value.isprintable() and " " not in value
