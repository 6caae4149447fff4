"""Reads a large JSON file value by value, in little memory. Errors name their place."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from contract_tests.errors import UsageError

MAX_VALUE = 128 * 1024 * 1024
"""The most characters of one value. The file may be of any size."""

_CHUNK = 1024 * 1024
_NEAR = 16
"""Characters before the end of the buffer where an error may be caused by missing data."""
_OF_NUMBERS = "0123456789+-.eE"
"""Characters that continue a number."""
_SPACE = " \t\r\n"
_DECODE = json.JSONDecoder().raw_decode


class BrokenOff(UsageError):
    """The file ends prematurely."""


class JsonStream:
    """Reads values in sequence. All its errors are UsageErrors."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.path = path
        self._file = file
        self._text = ""
        self._at = 0
        self._lines = 1
        """The line in which the buffer begins."""
        self._line_start = 0
        """The start of that line relative to the buffer; negative if it was dropped."""
        self._is_whole = False
        start = file.peek(2)[:2] if hasattr(file, "peek") else b""
        encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._read()

    @property
    def is_at_end(self) -> bool:
        """Whether only white space is left."""
        return not self._peek()

    def members(self) -> Iterator[str]:
        """Yield the keys of an object. The value must be read before the next key."""
        self._expect("{")
        if self._take("}"):
            return
        while True:
            if self._peek() != '"':
                raise self._broken("a key is expected", is_cut=self.is_at_end)
            key = str(self.value())
            self._expect(":")
            yield key
            if self._take("}"):
                return
            self._expect(",")

    def items(self) -> Iterator[None]:
        """Yield once per item of a list. The item must be read before the next."""
        self._expect("[")
        if self._take("]"):
            return
        while True:
            yield
            if self._take("]"):
                return
            self._expect(",")

    def begins(self, opening: str) -> bool:
        """Return whether the next value begins with a bracket."""
        return self._peek() == opening

    def value(self) -> Any:
        """Read the next value."""
        self._peek()
        wanted = _CHUNK
        while True:
            try:
                value, end = _DECODE(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._is_whole or not self._may_be_cut(error):
                    raise self._broken(error.msg, error.pos, is_cut=self._is_cut(error)) from None
            except (RecursionError, ValueError) as error:
                raise self._broken(str(error)) from None
            else:
                if self._is_whole or (end < len(self._text) and self._text[end] not in _OF_NUMBERS):
                    self._at = end
                    return value
            if len(self._text) - self._at > MAX_VALUE:
                raise self._broken(
                    f"a single value has more than {MAX_VALUE:,} characters, which is too large"
                )
            self._read(wanted)
            wanted *= 2

    def where(self, at: int | None = None) -> str:
        """Return a position in the file as line and column."""
        at = self._at if at is None else at
        line = self._lines + self._text.count("\n", 0, at)
        start = self._text.rfind("\n", 0, at) + 1 if line > self._lines else self._line_start
        return f"line {line}, column {at - start + 1:,}"

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if self._is_whole:
                return ""
            self._read()

    def _take(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self._at += 1
        return True

    def _expect(self, char: str) -> None:
        if not self._take(char):
            raise self._broken(f"'{char}' is expected", is_cut=self.is_at_end)

    def _read(self, wanted: int = _CHUNK) -> None:
        """Read more data, and drop what has been consumed."""
        used = self._text[: self._at]
        if used:
            lines = used.count("\n")
            start = used.rfind("\n") + 1 if lines else self._line_start
            self._lines += lines
            self._line_start = start - self._at
        try:
            data = self._file.read(wanted)
            more = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{self.path}: is not UTF-8 text ({error.reason} near {self.where()})"
            ) from None
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be read ({error.strerror})") from None
        self._is_whole = not data
        self._text = self._text[self._at :] + more
        self._at = 0

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Return whether more data may complete the value."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _NEAR

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Return whether the file ends within the value, now that all of it has been read."""
        rest = self._text[error.pos :].strip()
        if error.msg.startswith("Invalid \\"):
            return '"' not in rest
        is_in_string = error.msg.startswith("Unterminated string")
        return is_in_string or not rest.strip(_OF_NUMBERS) or rest.isalpha()

    def _broken(self, message: str, at: int | None = None, *, is_cut: bool = False) -> UsageError:
        if is_cut:
            return BrokenOff(
                f"{self.path}: breaks off at {self.where(len(self._text))}: it is incomplete"
            )
        return UsageError(f"{self.path}: is not valid JSON at {self.where(at)}: {message}")
