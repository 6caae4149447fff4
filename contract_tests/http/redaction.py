"""Replaces secrets by names, before judges, reports and files see an exchange."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from contract_tests.http.decodings import Secrets
from contract_tests.http.exchange import ANYBODY, Exchange, Headers, header
from contract_tests.openapi.security import API_KEY, Carrier, Credential

UNKNOWN_KEY = "unknown key"
"""Who asks with a key that nobody gave to the kit."""
SESSION = "session"
"""Who asks with credentials that are no API key."""

_NAME = re.compile(r"\[(env \w+|[a-z0-9][a-z0-9 .-]*)\]")
_OF_LETTERS = frozenset({"pattern", "format", "minLength", "maxLength", "enum", "const"})
"""Keywords that a text satisfies or not by its letters."""
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
_SIGNS = (b"k_live_", b"k_test_", b"whsec_", b"_secret_", b"Bearer ")
"""Parts of well-known secrets: one is in each of them."""
_WELL_KNOWN = re.compile(
    rb"[rs]k_(?:live|test)_[A-Za-z0-9_]+|whsec_[A-Za-z0-9+/=_-]+|(?<=_secret_)[A-Za-z0-9]+"
    rb"|Bearer [A-Za-z0-9._~+/=-]{8,}"
)
_DIGITS = re.compile(rb"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4})(?![\w-])")
_DIGIT_MASK = bytes.maketrans(b"0123456789 ", b"0" * 10 + b"-")
_CARD_MASKS = (b"0" * 13, b"0000-0000-0000-0000")
"""Card numbers, with ``_DIGIT_MASK`` applied."""
_IS_NUMBER = re.compile(rb"[:,\[]\s*\Z"), re.compile(rb"\.\d|\s*[,}\]]")
"""What stands before and after a number in JSON: an amount, and no card."""
_FRACTION = re.compile(rb"\.\d+\s*\Z")
"""What makes a whole body a number, and no card."""
_MIN_LENGTH = 6
"""What is shorter is no secret: replacing it would make nonsense of every report."""
_MIN_FOREIGN, _MAX_FOREIGN = 16, 1_000
"""The same for what stands in other people's cookies, and how many of those are remembered."""
_MAX_REMEMBERED, _MAX_CLEAN = 200, 5_000
"""The length of texts that are remembered as clean, and their number."""
_MAX_SHOWN_SIZE, _MAX_SHOWN = 16_384, 200
"""The size in bytes of bodies that are remembered without their secrets, and their number."""


class Keyring:
    """The keys of a run, each under a name. Nothing but the channel ever sees a key."""

    def __init__(
        self,
        credential: Credential | None = API_KEY,
        *,
        foreign: bool = False,
        public: str = "",
    ) -> None:
        self.credential = credential
        """Where requests carry a key; None where they carry none."""
        self.taken: set[str] = set()
        """Headers of flags that give the key, in small letters: not every request has them."""
        self._keys: dict[str, str] = {}
        self._of_carriers: dict[tuple[str, Carrier], str] = {}
        """Keys that are sent in one place only, by account and place."""
        self._names: dict[str, str] = {}
        self._public = public
        """Public text, such as the contract. A key that it contains is a sample, and no secret."""
        self._secrets = Secrets()
        self._secrets_of_users: set[str] = set()
        self._headers: dict[str, str] = {}
        """What is shown of the headers that have a secret value, by name in small letters."""
        self._foreign = foreign
        """Whether unknown keys belong to somebody, as in traffic of others, and get names."""
        self._clean: set[str] = set()
        """Short texts, such as headers, that need no change."""
        self._shown: dict[bytes, bytes] = {}
        """Bodies without their secrets. Many responses, such as refusals, have the same body."""

    def add(self, name: str, key: str, *, is_secret: bool = True) -> str:
        """Register a key under a name, and return the name. Keys of the mock are no secrets."""
        self._keys[name] = key
        self._names[key] = name
        if is_secret and key not in self._public:
            self._secrets_of_users.add(key)
            self.hide(name, key)
        return name

    def also(self, name: str, form: str) -> None:
        """Register another form in which a key is sent, such as that of basic credentials."""
        if form not in self._names:
            self._names[form] = name
            if self._keys[name] in self._secrets_of_users:
                self.hide(name, form)

    def hide(self, name: str, secret: str) -> None:
        """Replace a secret, in any encoding, by ``[name]`` from now on."""
        if len(secret) >= _MIN_LENGTH:
            self._secrets.add(name, secret)
            self._clean.clear()
            self._shown.clear()

    def hide_header(self, name: str, shown: str) -> None:
        """Show this text instead of the value of a request header from now on."""
        self._headers[name.lower()] = shown

    def key(self, name: str, carrier: Carrier | None = None) -> str:
        """Return the key of an account, or the one that it has for a carrier."""
        if carrier is not None and (name, carrier) in self._of_carriers:
            return self._of_carriers[name, carrier]
        return self._keys[name]

    def add_for(self, name: str, carrier: Carrier, key: str) -> None:
        """Register the key that an account sends in one place only."""
        self._of_carriers[name, carrier] = key
        self._names.setdefault(key, name)
        for secret in (key, carrier.value(key).removeprefix(carrier.prefix)):
            self._names.setdefault(secret, name)
            if secret not in self._public:
                self.hide(name, secret)

    def revealed(self, text: str) -> str:
        """Return a text with keys instead of their names."""
        return _NAME.sub(lambda found: self._keys.get(found[1], found[0]), text)

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
        if text in self._clean:
            return text
        data = text.encode("utf-8", "surrogatepass")
        shown = self.body(data)
        if shown != data:
            return shown.decode("utf-8", "surrogatepass")
        if len(text) <= _MAX_REMEMBERED and len(self._clean) < _MAX_CLEAN:
            self._clean.add(text)
        return text

    def body(self, body: bytes) -> bytes:
        """Return the body without secrets, whether it is text or not."""
        if len(body) > _MAX_SHOWN_SIZE:
            return self._without_secrets(body)
        shown = self._shown.get(body)
        if shown is None:
            if len(self._shown) >= _MAX_SHOWN:
                self._shown.clear()
            shown = self._shown[body] = self._without_secrets(body)
        return shown

    def _without_secrets(self, body: bytes) -> bytes:
        body = self._secrets.hidden(body)
        # Most data has neither. The patterns take a hundred times longer than these searches.
        if any(sign in body for sign in _SIGNS):
            body = _WELL_KNOWN.sub(b"[secret]", body)
        mask = body.translate(_DIGIT_MASK)
        if any(sign in mask for sign in _CARD_MASKS):
            body = _DIGITS.sub(_without_card_number, body)
        return body

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


def is_of_letters(keyword: str, value: Any) -> bool:
    """Return whether a keyword judges the letters of a text that may stand for a secret."""
    return keyword in _OF_LETTERS and isinstance(value, str) and is_replaced(value)


def _without_card_number(found: re.Match[bytes]) -> bytes:
    before, after = _IS_NUMBER
    data, start, end = found.string, found.start(), found.end()
    is_listed = before.search(data, max(0, start - 9), start) and after.match(data, end)
    is_body = start == 0 and _FRACTION.match(data, end)
    if is_listed or is_body or found[0].endswith(b"0000"):
        return found[0]
    digits = [int(digit) for digit in reversed(found[0].decode()) if digit.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return b"[card number]" if (sum(digits[::2]) + doubled) % 10 == 0 else found[0]
