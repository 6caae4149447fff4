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
from string import ascii_lowercase, ascii_uppercase, digits
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

    def hidden(self, data: bytes) -> bytes:
        """Return the data with a name in brackets at each place that reveals a secret."""
        if not self._names or len(data) < self._shortest:
            return data
        data = _replaced(data, self._plain(data))
        return _replaced(data, self._search(data, DEPTH if len(data) <= MAX_DEEP else DEPTH - 1))

    def _plain(self, data: bytes) -> Iterator[Span]:
        lowered = data.lower()
        for secret, name in self._names.items():
            start = lowered.find(secret)
            while start >= 0:
                yield Span(start, start + len(secret), name)
                start = lowered.find(secret, start + len(secret))

    def _search(self, data: bytes, depth: int) -> Iterator[Span]:
        """Yield the places that reveal a secret in a decoding of the data."""
        for decoded in self._decoded(data, depth):
            # Several orders of decoding reveal the same place, and its source is slow to compute.
            found = dict.fromkeys(self._plain(decoded.data))
            if depth > 1:
                found |= dict.fromkeys(self._search(decoded.data, depth - 1))
            for start, end, name in found:
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


def _replaced(data: bytes, spans: Iterable[Span]) -> bytes:
    parts, at = [], 0
    for start, end, name in _merged(spans):
        parts += [data[at:start], f"[{name}]".encode()]
        at = end
    return b"".join([*parts, data[at:]]) if parts else data


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order. Those that overlap become one, with the name of the longest."""
    found: list[Span] = []
    longest = 0
    for span in sorted(dict.fromkeys(spans), key=lambda span: (span.start, -span.end)):
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

    def decoded(self, data: bytes) -> bytes:
        """Return the data without the escapes."""
        if self.character is _of_nothing:
            return data.replace(self.sign, b"")
        first, *rest = self.parts(data)
        return first + b"".join(map(_Cache(self.decode).__getitem__, rest))

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
        self._encoded = encoded
        self._escape = escape
        self.data = escape.decoded(encoded)

    @cached_property
    def _parts(self) -> list[bytes]:
        return self._escape.parts(self._encoded)

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        """Where each part starts in the decoded data, and where its sign does in the encoded."""
        lengths = (len(part) + 1 for part in self._parts)
        plain = [self._parts[0], *map(self._escape.decode, self._parts[1:])]
        return (
            list(accumulate(map(len, plain), initial=0)),
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


def _of_nothing(_: bytes) -> tuple[bytes, int]:
    return b"", 0


_ESCAPES = (
    _Escape(b"%", _of_url),
    _Escape(b"&", _of_html),
    _Escape(b"\\", _of_json, pair=b"\\\\"),
    _Escape(b"\0", _of_nothing),  # UTF-16, in either order of its bytes
)


# ------------------------------------------------------------------------------------------- bases


class _Base:
    """An encoding in digits of a number of bits each."""

    def __init__(
        self,
        bits: int,
        alphabet: bytes,
        canonical: bytes,
        group: int,
        decode: Callable[[bytes], bytes],
    ) -> None:
        self.bits = bits
        self.decode = decode
        """Decodes canonical digits, a whole number of groups."""
        self.group = group
        """The number of digits after which digits and bytes begin together."""
        self._canonical = bytes.maketrans(alphabet, canonical)
        """Replaces each digit by the canonical one of the same value."""
        self._mask = bytes(code in alphabet for code in range(256))
        self._last = canonical[-1:]

    def decoded(self, data: bytes, shortest: int) -> Iterator[_Decoded]:
        """Yield the runs of digits decoded, by alignment, if a secret fits into any of them."""
        places = list(self._places(data, -(-shortest * 8 // self.bits)))
        if not places:
            return
        canonical = data.translate(self._canonical)
        # Between runs is a group of digits whose bits are set: a byte that is no text.
        joined = [
            canonical[start:end].ljust(((end - start) // self.group + 2) * self.group, self._last)
            for start, end in places
        ]
        runs = _Runs(data, places, joined, b"".join(joined))
        for skipped in range(self.group):
            yield _Digits(self, runs, skipped)

    def _places(self, data: bytes, length: int) -> Iterator[tuple[int, int]]:
        """Yield the runs of at least so many digits."""
        mask = data.translate(self._mask)
        wanted = b"\1" * length
        start = mask.find(wanted)
        while start >= 0:
            end = mask.find(b"\0", start + length)
            end = len(data) if end < 0 else end
            yield start, end
            start = mask.find(wanted, end)


@dataclass
class _Runs:
    """Runs of digits in data."""

    encoded: bytes
    places: list[tuple[int, int]]
    padded: list[bytes]
    """The canonical digits of each run, in whole groups."""
    joined: bytes

    @cached_property
    def starts(self) -> list[int]:
        """Where each run starts among the joined digits."""
        return list(accumulate(map(len, self.padded), initial=0))


class _Digits:
    """Runs of digits, joined and decoded from the same alignment."""

    def __init__(self, base: _Base, runs: _Runs, skipped: int) -> None:
        self._bits = base.bits
        self._runs = runs
        self._skipped = skipped
        end = len(runs.joined) - (base.group - skipped) % base.group
        self.data = base.decode(runs.joined[skipped:end])

    def source(self, start: int, end: int) -> tuple[int, int]:
        first = self._skipped + start * 8 // self._bits
        length = self._skipped - (-end * 8 // self._bits) - first
        index = bisect_right(self._runs.starts, first) - 1
        run, last = self._runs.places[index]
        begin = run + first - self._runs.starts[index]
        stop = min(last, begin + length)
        while stop == last and self._runs.encoded[stop : stop + 1] == b"=":
            stop = last = stop + 1
        return begin, stop


def _of_base32(run: bytes) -> bytes:
    return int(run or b"0", 32).to_bytes(len(run) * 5 // 8, "big")


_LETTERS = (ascii_uppercase + ascii_lowercase).encode()
_NUMBERS = digits.encode()
_BASE64 = _LETTERS + _NUMBERS + b"+/"
_HEX = _NUMBERS + b"ABCDEFabcdef"
_OF_INT = b"0123456789abcdefghijklmnopqrstuv"
"""The digits of ``int`` with 32 as its base."""
_BASES = (
    _Base(4, _HEX, _NUMBERS + b"abcdef" * 2, 2, unhexlify),
    _Base(5, _LETTERS + b"234567", _OF_INT[:26] * 2 + _OF_INT[26:], 8, _of_base32),
    _Base(6, _BASE64 + b"-_", _BASE64 + b"+/", 4, a2b_base64),
)
