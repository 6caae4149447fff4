"""Finds secrets in data, by comparing them with every decoding of the data.

Escapes (of URLs, HTML and JSON) stand for one character each, so any mixture of them is decoded.
Hexadecimal, base32 and base64 may begin in the middle of a group, so every alignment is decoded.
UTF-16 and reversed text are decoded, too. Decoded data is decoded again, up to a depth. Each step
takes linear time, and most data needs none of them.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, unhexlify
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html.entities import html5
from itertools import accumulate
from string import ascii_letters, digits
from typing import NamedTuple, Protocol

DEPTH = 3
"""The most encodings around each other: two, in a JSON string."""
MAX_DEEP = 1_000_000
"""The size in bytes up to which data is decoded that often; larger data once less."""

_NO_TEXT = b"\xfe"
"""A byte that occurs in no text in UTF-8, and so in no secret."""


class Span(NamedTuple):
    """A place that reveals a secret."""

    start: int
    end: int
    name: str


class _Decoded(Protocol):
    """Decoded data whose places are known in the data that it was decoded from."""

    data: bytes

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the range that a range of the decoded data comes from."""


class Secrets:
    """Secrets by name, and the search for them. Case is ignored."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        """The name of each secret, and of its reverse, in lower case."""
        self._shortest = 0

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, secret: str) -> None:
        """Search for a secret from now on."""
        lowered = secret.encode("utf-8", "surrogatepass").lower()
        self._names[lowered] = name
        self._names.setdefault(lowered[::-1], name)
        self._shortest = min(map(len, self._names))

    def spans(self, data: bytes) -> list[Span]:
        """Return the places that reveal a secret, in order and without overlaps."""
        if not self._names or len(data) < self._shortest:
            return []
        return _merged(self._search(data, DEPTH if len(data) <= MAX_DEEP else DEPTH - 1))

    def _search(self, data: bytes, depth: int) -> Iterator[Span]:
        lowered = data.lower()
        for secret, name in self._names.items():
            start = lowered.find(secret)
            while start >= 0:
                yield Span(start, start + len(secret), name)
                start = lowered.find(secret, start + len(secret))
        if depth:
            for decoded in self._decoded(data, depth):
                for start, end, name in self._search(decoded.data, depth - 1):
                    yield Span(*decoded.source(start, end), name)

    def _decoded(self, data: bytes, depth: int) -> Iterator[_Decoded]:
        """Yield the decodings of data that may contain a secret."""
        for escape in _ESCAPES:
            if escape.sign in data:
                yield _Unescaped(data, escape)
        for base in _BASES:
            yield from base.decoded(data, self._shortest)
        if depth > 1:  # the reverse of a secret is found without it
            yield _Reversed(data)


def replaced(data: bytes, spans: Iterable[Span]) -> bytes:
    """Return the data with a name in brackets at each place."""
    parts, at = [], 0
    for start, end, name in spans:
        parts += [data[at:start], f"[{name}]".encode()]
        at = end
    return b"".join([*parts, data[at:]])


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order. Those that overlap become one, with the name of the longest."""
    found: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        size = span.end - span.start
        if not found or span.start >= found[-1].end:
            found.append(span)
            longest = size
            continue
        last = found[-1]
        name = span.name if size > longest else last.name
        found[-1] = Span(last.start, max(last.end, span.end), name)
        longest = max(size, longest)
    return found


@dataclass
class _Reversed:
    """Data from its end to its start."""

    encoded: bytes

    def __post_init__(self) -> None:
        self.data = self.encoded[::-1]

    def source(self, start: int, end: int) -> tuple[int, int]:
        return len(self.data) - end, len(self.data) - start


# ----------------------------------------------------------------------------------------- escapes


@dataclass(frozen=True)
class _Escape:
    """Escapes that begin with the same sign."""

    sign: bytes
    character: Callable[[bytes], tuple[bytes, int]]
    """Returns what the sign and the bytes after it stand for, and how many of these belong to it.

    If they are no escape, they stand for the sign itself.
    """
    pair: bytes = b""
    """Two bytes after which an escape cannot begin with the second of them."""

    def parts(self, data: bytes) -> list[bytes]:
        """Return the data split at the signs."""
        if self.pair:
            data = data.replace(self.pair, self.sign + _NO_TEXT)
        return data.split(self.sign)

    def decode(self, part: bytes) -> bytes:
        """Decode the escape at the start of a part, which follows a sign."""
        character, length = self.character(part)
        return character + part[length:]


class _Cache(dict[bytes, bytes]):
    """Decoded parts. Equal parts are decoded once: in dense data, most of them are equal."""

    def __init__(self, decode: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, part: bytes) -> bytes:
        decoded = self[part] = self._decode(part)
        return decoded


class _Unescaped:
    """Data without escapes of one sort."""

    def __init__(self, encoded: bytes, escape: _Escape) -> None:
        self._escape = escape
        self._parts = escape.parts(encoded)
        self._cache = _Cache(escape.decode)
        self._plain = [self._parts[0], *map(self._cache.__getitem__, self._parts[1:])]
        self.data = b"".join(self._plain)

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        """Where each part starts in the decoded data, and where its sign does in the encoded."""
        lengths = (len(part) + 1 for part in self._parts)
        return (
            list(accumulate(map(len, self._plain), initial=0)),
            list(accumulate(lengths, initial=-1)),
        )

    def source(self, start: int, end: int) -> tuple[int, int]:
        return self._character(start)[0], self._character(end - 1)[1]

    def _character(self, at: int) -> tuple[int, int]:
        """Return the encoded range of a decoded byte."""
        decoded, encoded = self._starts
        index = bisect_right(decoded, at) - 1
        offset, sign = at - decoded[index], encoded[index]
        if index == 0:
            return offset, offset + 1
        character, length = self._escape.character(self._parts[index])
        if offset < len(character):
            return sign, sign + 1 + length
        place = sign + 1 + length + offset - len(character)
        return place, place + 1


def _of_url(part: bytes) -> tuple[bytes, int]:
    try:
        return unhexlify(part[:2]) or b"%", 2 if part else 0
    except ValueError:
        return b"%", 0


_ENTITY = re.compile(rb"#[xX]([0-9A-Fa-f]{1,9});?|#([0-9]{1,9});?|([A-Za-z][A-Za-z0-9]{1,31};)")


def _of_html(part: bytes) -> tuple[bytes, int]:
    found = _ENTITY.match(part)
    if found is None:
        return b"&", 0
    if found[3]:
        text = html5.get(found[3].decode(), "")
    else:
        code = int(found[1], 16) if found[1] else int(found[2])
        text = chr(code) if code < 0x110000 else ""
    return (text.encode("utf-8", "surrogatepass"), found.end()) if text else (b"&", 0)


_SIMPLE = {ord(name): byte for name, byte in zip('"/bfnrt', b'"/\b\f\n\r\t', strict=True)}
_CODE = re.compile(rb"u([0-9A-Fa-f]{4})|u\{0*([0-9A-Fa-f]{1,4})\}|x([0-9A-Fa-f]{2})")


def _of_json(part: bytes) -> tuple[bytes, int]:
    if part.startswith(_NO_TEXT):
        return b"\\", 1
    if part and part[0] in _SIMPLE:
        return bytes([_SIMPLE[part[0]]]), 1
    found = _CODE.match(part)
    if found is None:
        return b"\\", 0
    code = int(found[1] or found[2] or found[3], 16)
    return chr(code).encode("utf-8", "surrogatepass"), found.end()


_ESCAPES = (
    _Escape(b"%", _of_url),
    _Escape(b"&", _of_html),
    _Escape(b"\\", _of_json, pair=b"\\\\"),
    _Escape(b"\0", lambda _: (b"", 0)),  # UTF-16, in either order of its bytes
)


# ------------------------------------------------------------------------------------------- bases


class _Base:
    """An encoding in digits of a number of bits each."""

    def __init__(
        self,
        bits: int,
        alphabet: bytes,
        canonical: bytes,
        alignments: int,
        decode: Callable[[bytes], bytes],
    ) -> None:
        self.bits = bits
        self.decode = decode
        """Decodes canonical digits."""
        self._canonical = bytes.maketrans(alphabet, canonical)
        """Replaces each digit by the canonical one of the same value."""
        self._mask = bytes(code in alphabet for code in range(256))
        self._alignments = alignments
        """The number of digits after which digits and bytes begin together."""

    def decoded(self, data: bytes, shortest: int) -> Iterator[_Decoded]:
        """Yield all runs of digits decoded, by alignment, if a secret fits into any of them."""
        runs = list(self._runs(data, -(-shortest * 8 // self.bits)))
        if runs:
            canonical = data.translate(self._canonical)
            for skipped in range(self._alignments):
                yield _Digits(self, data, canonical, runs, skipped)

    def _runs(self, data: bytes, length: int) -> Iterator[tuple[int, int]]:
        """Yield the runs of at least so many digits."""
        mask = data.translate(self._mask)
        wanted = b"\1" * length
        start = mask.find(wanted)
        while start >= 0:
            end = mask.find(b"\0", start + length)
            end = len(data) if end < 0 else end
            yield start, end
            start = mask.find(wanted, end)


class _Digits:
    """Runs of digits, decoded from the same alignment and joined by a byte that is no text."""

    def __init__(
        self,
        base: _Base,
        encoded: bytes,
        canonical: bytes,
        runs: list[tuple[int, int]],
        skipped: int,
    ) -> None:
        self._bits = base.bits
        self._encoded = encoded
        self._runs = [(start + skipped, end) for start, end in runs]
        self._plain = [base.decode(canonical[start:end]) for start, end in self._runs]
        self.data = _NO_TEXT.join(self._plain)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(plain) + 1 for plain in self._plain), initial=0))

    def source(self, start: int, end: int) -> tuple[int, int]:
        index = bisect_right(self._starts, start) - 1
        (first, last), at = self._runs[index], self._starts[index]
        stop = min(last, first - (-(end - at) * 8 // self._bits))
        while stop == last and self._encoded[stop : stop + 1] == b"=":
            stop = last = stop + 1
        return first + (start - at) * 8 // self._bits, stop


def _of_base16(run: bytes) -> bytes:
    return unhexlify(run[: len(run) // 2 * 2])


def _of_base32(run: bytes) -> bytes:
    size, rest = divmod(len(run) * 5, 8)
    return (int(run or b"0", 32) >> rest).to_bytes(size, "big")


def _of_base64(run: bytes) -> bytes:
    run = run[:-1] if len(run) % 4 == 1 else run
    return a2b_base64(run + b"=" * (-len(run) % 4))


_LETTERS = ascii_letters.encode()
_NUMBERS = digits.encode()
_HEX = _NUMBERS + b"abcdefABCDEF"
_OF_INT = b"0123456789abcdefghijklmnopqrstuv"
"""The digits of ``int`` with 32 as its base."""
_BASES = (
    _Base(4, _HEX, _HEX, 2, _of_base16),
    _Base(5, _LETTERS + b"234567", _OF_INT[:26] * 2 + _OF_INT[26:], 8, _of_base32),
    _Base(6, _LETTERS + _NUMBERS + b"+/-_", _LETTERS + _NUMBERS + b"+/+/", 4, _of_base64),
)
