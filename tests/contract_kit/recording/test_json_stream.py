"""JSON files of any size are read in little memory, and errors name their place."""

from __future__ import annotations

import codecs
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from contract_tests.errors import UsageError
from contract_tests.recording import json_stream
from contract_tests.recording.har import Har
from tests.contract_kit.recording.test_har import entry

LOG: Any = {
    "pages": [{"id": "1", "title": 'of {"entries": [] }'}, -12.5e3],
    "creator": {"name": "WebInspector", "version": "537.36"},
    "entries": [1, 'two \\ " \u00fc \U0001f600 \n', {"three": [True, None, [], {}]}, [[]]],
    "number": 12345,
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_is_read_in_pieces_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, indent: int | None
) -> None:
    """A chunk may end within a number, an escape or a character."""
    monkeypatch.setattr(json_stream, "_CHUNK", size)
    monkeypatch.setattr(json_stream.JsonStream._read, "__defaults__", (size,))
    path = tmp_path / "a.har"
    path.write_text(
        json.dumps({"before": -1.5, "log": LOG, "after": [0]}, indent=indent, ensure_ascii=False)
    )
    har = Har(path)
    assert list(har.entries()) == LOG["entries"]
    assert (har.creator, har.is_ours, har.is_foreign) == ("WebInspector", False, True)


def test_every_truncated_file_is_reported_as_incomplete(tmp_path: Path) -> None:
    """The message has one line, with the place and the number of entries before it."""
    path = tmp_path / "a.har"
    whole = json.dumps({"log": LOG}, indent=1)
    for length in range(1, len(whole)):
        path.write_text(whole[:length])
        with pytest.raises(UsageError) as refused:
            list(Har(path).entries())
        assert "breaks off at line" in str(refused.value), (whole[:length], str(refused.value))
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"[]", "not a HAR file"),
        (b"17", "not a HAR file"),
        (b"{}", "not a HAR file"),
        (b'{"log": []}', "not a HAR file"),
        (b'{"log": {"version": "1.2"}}', "not a HAR file"),
        (b'{"log": {"entries": {}}}', "not a HAR file"),
        (b'{"log": {"entries": []}} {', "has data after its end, at line 1, column 26"),
        (b'{"log": {"entries": [1 2]}}', "not valid JSON at line 1, column 24"),
        (
            b'{"log":\n {"entries": [{"a": 1,, }]}}            ',
            "not valid JSON at line 2, column 23",
        ),
        (b"{log: {}}", "not valid JSON at line 1, column 2"),
        (b"<html><body>502</body></html>", "not a HAR file"),
        (b'{"log": {"entries": ["\xff"]}}', "is not UTF-8 text"),
        (b'{"log": {"entries": ' + b"[" * 100_000, "not valid JSON"),
        (b"\x1f\x8b\x08\x00\x00", "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_not_har_is_refused_with_the_place(
    tmp_path: Path, data: bytes, complaint: str
) -> None:
    """The message has one line."""
    path = tmp_path / "a.har"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=complaint) as refused:
        list(Har(path).entries())
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """So is a folder."""
    for path in (tmp_path / "none.har", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            list(Har(path).entries())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_accepted(tmp_path: Path, encoding: str) -> None:
    """Some tools on Windows write it."""
    path = tmp_path / "a.har"
    path.write_bytes(json.dumps({"log": LOG}, ensure_ascii=False).encode(encoding))
    assert path.read_bytes()[:2] in (codecs.BOM_UTF8[:2], codecs.BOM_UTF16)
    assert list(Har(path).entries()) == LOG["entries"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file of 12 MB is read in less than 6 MB, one entry at a time."""
    path = tmp_path / "a.har"
    one = json.dumps(entry(response={"content": {"size": 10_000, "text": "x" * 10_000}}))
    path.write_text(f'{{"log": {{"entries": [{",".join([one] * 1_200)}]}}}}')
    tracemalloc.start()
    try:
        count = sum(1 for _ in Har(path).entries())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 1_200
    assert path.stat().st_size > 12_000_000
    assert peak < 6_000_000


def test_a_value_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not exhaust the memory."""
    monkeypatch.setattr(json_stream, "MAX_VALUE", 1_000_000)
    path = tmp_path / "a.har"
    path.write_text(json.dumps({"log": {"entries": ["x" * 5_000_000]}}))
    with pytest.raises(UsageError, match="more than 1,000,000 characters"):
        list(Har(path).entries())
