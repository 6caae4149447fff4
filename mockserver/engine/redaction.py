"""Hides secrets in recorded requests and responses, and in what is logged.

Secrets are API keys, card numbers, and the values of fields and parameters with certain names.
They are found in every encoding that a client may use: percent-encoding and JSON's escapes, also
when they are applied several times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote, unquote_plus

import orjson

from mockserver.openapi.contract import Contract

HIDDEN = "***"
MAX_DEPTH = 64
"""Deeper JSON is hidden, because the encoder fails at a depth of 254."""
CUT_LENGTH = 1_024
"""Recorded texts of this length may be cut, so digits at their end may begin a card number."""
USUAL_SECRETS = frozenset(
    {"password", "secret", "client_secret", "token", "access_token", "refresh_token", "api_key"}
)

_SHOWN_CHARACTERS = 2
_MAX_DECODINGS = 4
_SECRET_ENDINGS = (
    *("password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "apikey"),
    *("cvc", "cvv", "cvc2", "cvv2", "cardcode", "securitycode", "cardnumber"),
)
"""Ends of secret names, in lower case and without separators: ``new_password``, ``card[cvc]``."""
_SEPARATORS = re.compile(r"[\W_]+")
_LAST_PART = re.compile(r"[^\[\].]+(?=[\[\].]*$)")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_FORM = re.compile(r"""[^\s"{}<>=]+=[^\s"{}<>]*""")

_LIVE_KEY = re.compile(r"((?:sk|rk|pk)_live_)\w+")
"""A real key of a payment provider, whatever API is served."""
_DIGITS = re.compile(r"\d+")
_SEPARATED_DIGITS = re.compile(r"\d+(?:[\s.+\-\u2010-\u2015]{1,2}\d+)*")
_CUT_DIGITS = re.compile(r"\d[\d\s.+\-\u2010-\u2015]*\Z")
_CARD_DIGITS = range(13, 20)

_FIELD = re.compile(r""""([^"\\]{1,80})"\s*:\s*""")
_JSON_VALUE = re.compile(r"""[\[{].*|"(?:[^"\\]|\\.)*"?|[^\s,}\]]+""", re.DOTALL)
_PAIR = re.compile(r"([\w.\[\]-]{1,80})=")
_PAIR_VALUE = re.compile(r""""[^"]*"?|[^\s&;,"'<>]+""")
_PART = re.compile(r"""name="?([^"\s;]{1,80})"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n""")
"""The head of a part of a multipart body."""
_LINE = re.compile(r"[^\r\n]*")


@dataclass
class Redactor:
    """Replaces secrets in recorded requests and responses by ``***``."""

    secret_fields: frozenset[str] = USUAL_SECRETS
    """Names of fields and parameters whose values are secret, beside those that are always."""
    key: re.Pattern[str] | None = None
    """Matches an API key in any text. Its first group may be shown."""
    is_public: Callable[[str], bool] = lambda _: False
    """Whether a key is no secret, because it is in the fixtures."""
    is_amount: Callable[[str], bool] = lambda _: False
    """Whether the numbers of a field are amounts, and never card numbers."""
    _paths: list[re.Pattern[str]] = field(default_factory=list)
    """Paths with parameters that are secret, each parameter a group."""

    def learn(self, contract: Contract) -> None:
        """Hide the path parameters of a contract whose names are secret."""
        templates = {
            base + operation.path
            for operation in contract.operations.values()
            for base in contract.base_paths(operation)
        }
        self._paths = [
            pattern
            for template in sorted(templates)
            if (pattern := self._secret_path(template)) is not None
        ]

    def show(self, key: str) -> str:
        """Return a public key, or the beginning of any other."""
        return key if self.is_public(key) else self.mask(key)

    def mask(self, key: str) -> str:
        """Return the beginning of a key, which is enough to distinguish keys."""
        match = self.key.match(key) if self.key is not None else None
        prefix = match[1] if match else ""
        secret = key[len(prefix) :]
        return f"{prefix}{secret[: min(_SHOWN_CHARACTERS, len(secret) // 2)]}{HIDDEN}"

    def text(self, value: str) -> str:
        """Return a text without secrets. It is decoded where only that shows them."""
        return self._text(value, is_cut=False)

    def path(self, value: str) -> str:
        """Return a path without secrets."""
        for pattern in self._paths:
            match = pattern.fullmatch(value)
            if match is not None:
                for number in range(pattern.groups, 0, -1):
                    value = value[: match.start(number)] + HIDDEN + value[match.end(number) :]
        return self._text(value, is_cut=len(value) >= CUT_LENGTH)

    def query(self, value: str) -> str:
        """Return a query string without secrets."""
        is_cut = len(value) >= CUT_LENGTH
        *pairs, last = value.split("&")
        return "&".join([*map(self._parameter, pairs), self._parameter(last, is_cut)])

    def body(self, payload: bytes) -> Any:
        """Return a body as JSON, or as text if it is not JSON or was cut; None if it is empty."""
        if not payload:
            return None
        try:
            return self._json(orjson.loads(payload), MAX_DEPTH)
        except orjson.JSONDecodeError:
            text = payload.decode("utf-8", "replace")
            if _FORM.fullmatch(text):
                return self.query(text)
            return self._text(text, is_cut=len(payload) >= CUT_LENGTH)

    def is_secret(self, name: str) -> bool:
        """Return whether the values of a field or parameter are secret."""
        if name in self.secret_fields:
            return True
        last = _LAST_PART.search(name)
        return (last is not None and last[0] in self.secret_fields) or _is_usual_secret(name)

    def _text(self, value: str, *, is_cut: bool) -> str:
        shown = current = self._decoded_text(value, is_cut)
        for _ in range(_MAX_DECODINGS):
            decoded = _decoded(current)
            if decoded == current:
                break
            current = self._decoded_text(decoded, is_cut)
            if current != decoded:
                shown = current
        return shown

    def _decoded_text(self, value: str, is_cut: bool) -> str:
        """Return a text without the secrets that need no decoding."""
        if self.key is not None:
            value = self.key.sub(self._shown_key, value)
        if "_live_" in value:
            value = _LIVE_KEY.sub(rf"\1{HIDDEN}", value)
        value = _SEPARATED_DIGITS.sub(_without_cards, value)
        if is_cut:
            value = _CUT_DIGITS.sub(HIDDEN, value)
        if '"' in value:
            value = self._without_values(value, _FIELD, _JSON_VALUE, f'"{HIDDEN}"')
        if "=" in value:
            value = self._without_values(value, _PAIR, _PAIR_VALUE, HIDDEN)
            value = self._without_values(value, _PART, _LINE, HIDDEN)
        return value

    def _shown_key(self, match: re.Match[str]) -> str:
        return match[0] if self.is_public(match[0]) else f"{match[1]}{HIDDEN}"

    def _without_values(
        self, text: str, name: re.Pattern[str], value: re.Pattern[str], hidden: str
    ) -> str:
        """Return a text without the values that follow secret names."""
        pieces, end = [], 0
        for match in name.finditer(text):
            if match.start() >= end and self.is_secret(match[1]):
                found = value.match(text, match.end())
                if found is not None and found[0]:
                    pieces += [text[end : match.end()], hidden]
                    end = found.end()
        return "".join([*pieces, text[end:]])

    def _json(self, value: Any, depth: int) -> Any:
        match value:
            case str():
                return self.text(value)
            case int() | float() if _is_card_number(value):
                return HIDDEN
            case dict() | list() if depth == 0:
                return HIDDEN
            case dict():
                return {
                    self.text(name): self._field(name, item, depth - 1)
                    for name, item in value.items()
                }
            case list():
                return [self._json(item, depth - 1) for item in value]
        return value

    def _field(self, name: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if self.is_secret(name):
            return HIDDEN
        if isinstance(value, (int, float)) and self.is_amount(name):
            return value
        return self._json(value, depth)

    def _parameter(self, pair: str, is_cut: bool = False) -> str:
        name, equals, value = pair.partition("=")
        if equals and self.is_secret(_fully_decoded(unquote_plus(name))):
            return f"{self._quoted(name)}={HIDDEN}"
        return self._quoted(name) + equals + self._quoted(value, is_cut)

    def _quoted(self, part: str, is_cut: bool = False) -> str:
        """Return a part of a query as it was sent, unless it contains a secret."""
        plain = unquote_plus(part)
        shown = self._text(plain, is_cut=is_cut)
        return part if shown == plain else quote_plus(shown, safe="*")

    def _secret_path(self, template: str) -> re.Pattern[str] | None:
        """Return a pattern of the paths of a template; None if it has no secret parameter."""
        parts = re.split(r"\{([^/{}]+)\}", template)
        secret = [self.is_secret(name) for name in parts[1::2]]
        if not any(secret):
            return None
        written = [
            re.escape(part) if index % 2 == 0 else ("([^/]+)" if secret[index // 2] else "[^/]+")
            for index, part in enumerate(parts)
        ]
        return re.compile("".join(written))


@lru_cache(maxsize=1_024)
def _is_usual_secret(name: str) -> bool:
    plain = _SEPARATORS.sub("", name.lower())
    return "password" in plain or plain.endswith(_SECRET_ENDINGS)


def _decoded(text: str) -> str:
    """Return a text with one level of percent-encoding and of JSON's escapes removed."""
    if "\\u" in text:
        text = _ESCAPE.sub(_character, text)
    return unquote(text) if "%" in text else text


def _fully_decoded(text: str) -> str:
    for _ in range(_MAX_DECODINGS):
        text = _decoded(text)
    return text


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    is_surrogate = 0xD800 <= number <= 0xDFFF  # no JSON encoder takes half of a pair
    return match[0] if is_surrogate else chr(number)


def _without_cards(match: re.Match[str]) -> str:
    """Return separated digits without card numbers, which consist of whole groups."""
    text = match[0]
    if len(text) < _CARD_DIGITS.start:
        return text
    groups = list(_DIGITS.finditer(text))
    pieces, end, first = [], 0, 0
    while first < len(groups):
        last = _end_of_card(groups, first)
        if last is None:
            first += 1
        else:
            pieces += [text[end : groups[first].start()], HIDDEN]
            end, first = groups[last].end(), last + 1
    return "".join([*pieces, text[end:]])


def _end_of_card(groups: list[re.Match[str]], first: int) -> int | None:
    """Return the last group of the longest card number that begins with a group."""
    digits, found = "", None
    for index, group in enumerate(groups[first:], first):
        digits += group[0]
        if len(digits) >= _CARD_DIGITS.stop:
            break
        if len(digits) in _CARD_DIGITS and _has_check_digit(digits):
            found = index
    return found


def _has_check_digit(digits: str) -> bool:
    """Return whether the last digit is that of Luhn's algorithm, as in every card number."""
    odd = map(int, digits[-1::-2])
    even = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(odd) + sum(even)) % 10 == 0


def _is_card_number(value: float) -> bool:
    if isinstance(value, float) and not value.is_integer():
        return False
    digits = str(abs(int(value)))
    return len(digits) in _CARD_DIGITS and _has_check_digit(digits)
