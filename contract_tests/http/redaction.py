"""Replaces secrets by names, before judges, reports and files see an exchange."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from contract_tests.http.exchange import ANYBODY, Exchange, Headers, header
from contract_tests.openapi.security import API_KEY, Credential

UNKNOWN_KEY = "unknown key"
"""Who asks with a key that nobody gave to the kit."""
SESSION = "session"
"""Who asks with credentials that are no API key."""

_NAME = re.compile(r"\[(env \w+|[a-z0-9][a-z0-9 .-]*)\]")
_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-control-token",
        "x-auth-token",
    }
)
_WELL_KNOWN = re.compile(
    r"[rs]k_(?:live|test)_[A-Za-z0-9_]+|whsec_[A-Za-z0-9+/=_-]+|(?<=_secret_)[A-Za-z0-9]+"
    r"|Bearer [A-Za-z0-9._~+/=-]{8,}"
)
_DIGITS = re.compile(r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4})(?![\w-])")
_IS_NUMBER = re.compile(r"[:,\[]\s*\Z"), re.compile(r"\.\d|\s*[,}\]]")
"""What stands before and after a number in JSON: an amount, and no card."""
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|%([0-9a-f]{2})|&#x([0-9a-f]{1,4});|&#([0-9]{1,5});")
_MIN_LENGTH = 6
"""What is shorter is no secret: replacing it would make nonsense of every report."""
_MIN_FOREIGN, _MAX_FOREIGN = 16, 1_000
"""The same for what stands in other people's cookies, and how many of those are remembered."""


class Keyring:
    """The keys of a run, each under a name. Nothing but the channel ever sees a key."""

    def __init__(self, credential: Credential | None = API_KEY, *, foreign: bool = False) -> None:
        self.credential = credential
        """Where requests carry a key; None where they carry none."""
        self._keys: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._headers: dict[str, str] = {}
        """What is shown of the headers that have a secret value, by name in small letters."""
        self._foreign = foreign
        """Whether unknown keys belong to somebody, as in traffic of others, and get names."""
        self._pattern: re.Pattern[str] | None = None
        self._escaped: list[tuple[str, re.Pattern[str], str]] = []
        """Keys, and how they may be written with escapes for any of their characters."""

    def add(self, name: str, key: str, *, is_secret: bool = True) -> str:
        """Register a key under a name, and return the name. Keys of the mock are no secrets."""
        self._keys[name] = key
        self._names[key] = name
        if is_secret and len(key) >= _MIN_LENGTH:
            self.hide(name, key)
            pattern = re.compile("".join(map(_escapes, key)), re.IGNORECASE)
            self._escaped.append((key.lower(), pattern, f"[{name}]"))
        return name

    def hide(self, name: str, secret: str) -> None:
        """Replace a secret, in any of its spellings, by ``[name]`` from now on."""
        if len(secret) < _MIN_LENGTH:
            return
        spellings = (
            secret,
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            html.escape(secret),
            *_base64(secret),
        )
        for spelling in spellings:
            self._secrets[spelling.lower()] = f"[{name}]"
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(re.escape(each) for each in longest_first), re.IGNORECASE
        )

    def hide_header(self, name: str, shown: str) -> None:
        """Show this text instead of the value of a request header from now on."""
        self._headers[name.lower()] = shown

    def key(self, name: str) -> str:
        return self._keys[name]

    def name_of(self, key: str | None) -> str:
        """Return the account of a key."""
        if not key:
            return ANYBODY
        if key in self._names:
            return self._names[key]
        if found := _NAME.fullmatch(key):
            return found[1]
        if not self._foreign:
            return UNKNOWN_KEY
        return self.add(f"key {len(self._keys) + 1}", key, is_secret=not key.startswith("sk_test_"))

    def account_of(self, headers: Headers) -> str:
        """Return the account of a request with these headers."""
        return self.name_of(self._key_in(headers))

    def learn(self, headers: Headers) -> str:
        """Learn the credentials of somebody else's request, and return the account."""
        key, token = self._key_in(headers), header(headers, "authorization")
        if key and self.credential is not None and self.credential.header == "Authorization":
            return self.name_of(key)
        cookies = header(headers, "cookie")
        for secret in [*(token or "").split()[1:], *re.findall(r"=([^;]+)", cookies or "")]:
            if len(secret) >= _MIN_FOREIGN and len(self._secrets) < _MAX_FOREIGN:
                self.hide("credential", secret)
        return self.name_of(key) if key else SESSION if token or cookies else ANYBODY

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        lowered = text.lower()
        # Most texts have no secret. Searching for each is a hundred times faster than the pattern.
        if self._pattern is not None and any(each in lowered for each in self._secrets):
            text = self._pattern.sub(lambda found: self._secrets[found[0].lower()], text)
        if self._escaped and any(sign in lowered for sign in ("\\u", "%", "&#")):
            plain = _ESCAPE.sub(_unescaped, lowered)
            for key, pattern, shown in self._escaped:
                if key in plain:
                    text = pattern.sub(shown, text)
        text = _WELL_KNOWN.sub("[secret]", text)
        return _DIGITS.sub(_without_card_number, text)

    def body(self, body: bytes) -> bytes:
        """Return the body without secrets; bytes that are no text are searched, too."""
        try:
            return self.text(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return the exchange without secrets."""
        return replace(
            exchange,
            url=self.text(exchange.url),
            path=self.text(exchange.path),
            request_headers=self.headers(exchange.request_headers),
            request_body=self.body(exchange.request_body),
            response_headers=self.headers(exchange.response_headers),
            response_body=self.body(exchange.response_body),
            error=self.text(exchange.error),
        )

    def headers(self, headers: Headers) -> Headers:
        """Return the headers: secret ones by name only, the others without secrets."""
        return tuple((self.text(name), self._header(name, value)) for name, value in headers)

    def _key_in(self, headers: Headers) -> str | None:
        value = header(headers, self.credential.header) if self.credential is not None else None
        return self.credential.key_in(value) if self.credential is not None and value else None

    def _header(self, name: str, value: str) -> str:
        if name.lower() in self._headers:
            return self._headers[name.lower()]
        credential = self.credential
        if credential is not None and name.lower() == credential.header.lower():
            key = credential.key_in(value)
            if key is not None:
                return credential.value(f"[{self.name_of(key)}]")
            if not value:
                return value
        return "[secret]" if name.lower() in _SECRET_HEADERS else self.text(value)


def is_replaced(text: str) -> bool:
    """Return whether a text holds a name that may stand for a secret."""
    return _NAME.search(text) is not None


def _without_card_number(found: re.Match[str]) -> str:
    before, after = _IS_NUMBER
    text, start, end = found.string, found.start(), found.end()
    if (before.search(text, max(0, start - 9), start) and after.match(text, end)) or found[
        0
    ].endswith("0000"):
        return found[0]
    digits = [int(each) for each in reversed(found[0]) if each.isdigit()]
    doubled = sum(sum(divmod(2 * each, 10)) for each in digits[1::2])
    return "[card number]" if (sum(digits[::2]) + doubled) % 10 == 0 else found[0]


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[4])) if found[4] else chr(int(found[1] or found[2] or found[3], 16))


def _escapes(char: str) -> str:
    """Return a pattern for a character in any spelling: of JSON, URLs or HTML."""
    code = ord(char)
    return rf"(?:{re.escape(char)}|\\u{code:04x}|%{code:02x}|&\#0*{code};|&\#x0*{code:x};)"


def _base64(secret: str) -> Iterator[str]:
    """Yield a secret in base64, by itself and at any offset within other text."""
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    for shift, first in enumerate((0, 2, 3)):
        padded = b"\0" * shift + secret.encode()
        stem = base64.b64encode(padded).decode()[first : len(padded) * 8 // 6]
        yield stem
        yield stem.translate(str.maketrans("+/", "-_"))
