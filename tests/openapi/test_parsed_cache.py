"""Parsed documents are kept between runs. A cache that cannot be used changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import packaged
from mockserver.openapi import parsed_cache, parser, yaml_file
from mockserver.openapi.yaml_file import FileError
from tests.cli.program import serving

TEXT = "a: 1\nb: [no, 2.0, null]\n"
DOCUMENT = {"a": 1, "b": ["no", 2.0, None]}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """The folder of the cache, which does not exist yet."""
    folder = tmp_path / "cache" / "deep"
    parsed_cache.use(folder)
    yield folder
    parsed_cache.use(None)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to read."""
    path = tmp_path / "document.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts that are parsed."""
    texts: list[bytes] = []
    original = parser.parse

    def parse(data: bytes, *, is_json: bool = False) -> Any:
        texts.append(data)
        return original(data, is_json=is_json)

    monkeypatch.setattr(parser, "parse", parse)
    return texts


def only_entry(cache: Path) -> Path:
    """Return the path of the only entry."""
    (path,) = cache.iterdir()
    return path


def test_a_document_is_parsed_once(cache: Path, source: Path, parsed: list[bytes]) -> None:
    """The second reading, also by another path, gives an equal document."""
    other = source.with_name("other.yaml")
    shutil.copy(source, other)
    assert [yaml_file.load(path) for path in (source, source, other)] == [DOCUMENT] * 3
    assert len(parsed) == 1
    assert only_entry(cache).stat().st_size < 100


def test_without_a_folder_nothing_is_kept(source: Path, parsed: list[bytes]) -> None:
    """A program that does not ask for the cache does not write to the user's folders."""
    assert yaml_file.load(source) == yaml_file.load(source) == DOCUMENT
    assert len(parsed) == 2


def test_changed_text_is_parsed_again(cache: Path, source: Path, parsed: list[bytes]) -> None:
    """The bytes decide, not the path or the time; the former text still has its entry."""
    yaml_file.load(source)
    source.write_text(TEXT.replace("1", "3"))
    assert yaml_file.load(source)["a"] == 3
    source.write_text(TEXT)
    assert yaml_file.load(source)["a"] == 1
    assert len(parsed) == 2
    assert len(list(cache.iterdir())) == 2


def test_json_and_yaml_of_the_same_bytes_are_apart(cache: Path, source: Path) -> None:
    """A file named .json must be JSON, whatever a YAML file of the same bytes was."""
    yaml_file.load(source)
    path = source.with_suffix(".json")
    shutil.copy(source, path)
    with pytest.raises(FileError, match="is not JSON"):
        yaml_file.load(path)
    assert only_entry(cache).exists()


def test_another_version_of_the_parser_has_its_own_entries(
    cache: Path, source: Path, parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older version has read is not used."""
    yaml_file.load(source)
    monkeypatch.setattr(parsed_cache, "PARSER_VERSION", parsed_cache.PARSER_VERSION + 1)
    yaml_file.load(source)
    assert len(parsed) == 2
    assert len(list(cache.iterdir())) == 2


def _pipe(path: Path, _: Path) -> None:
    """Replace an entry with a pipe, which has no writer."""
    path.unlink()
    os.mkfifo(path)


def _foreign(path: Path, other: Path) -> None:
    """Replace an entry with one of another document."""
    yaml_file.load(other)
    (entry,) = (found for found in path.parent.iterdir() if found != path)
    entry.replace(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: path.write_bytes(b""),
        lambda path, _: path.write_bytes(path.read_bytes()[:-1]),
        lambda path, _: path.write_bytes(path.read_bytes().replace(b"1", b"7")),
        lambda path, _: path.write_bytes(b"{" * 100_000),
        lambda path, _: (path.unlink(), path.mkdir()),
        _pipe,
        lambda path, _: (path.unlink(), path.symlink_to("nowhere")),
        _foreign,
    ],
    ids=["empty", "cut", "changed", "noise", "folder", "pipe", "dangling link", "other document"],
)
def test_a_damaged_entry_is_not_used(
    cache: Path, source: Path, damage: Callable[[Path, Path], Any]
) -> None:
    """The document is parsed again, and no reader waits or fails."""
    yaml_file.load(source)
    other = source.with_name("other.yaml")
    other.write_text("c: 9\n")
    damage(only_entry(cache), other)
    assert yaml_file.load(source) == DOCUMENT
    assert yaml_file.load(source) == DOCUMENT


def test_a_cache_that_cannot_be_written_is_silent(tmp_path: Path, source: Path) -> None:
    """Its folder lies below a file here, as root may write everywhere."""
    parsed_cache.use(source / "cache")
    try:
        assert yaml_file.load(source) == yaml_file.load(source) == DOCUMENT
    finally:
        parsed_cache.use(None)
    assert [*tmp_path.iterdir()] == [source]


def test_entries_are_bounded(cache: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest ones are removed by number and by size; other files are left alone."""
    cache.mkdir(parents=True)
    foreign = cache / "notes.txt"
    foreign.write_bytes(b"x" * 1_000)
    os.utime(foreign, (0, 0))
    monkeypatch.setattr(parsed_cache, "MAX_ENTRIES", 3)
    for number in range(6):
        source.write_text(f"a: {number}\n")
        yaml_file.load(source)
    assert len(list(cache.iterdir())) == 3 + 1
    monkeypatch.setattr(parsed_cache, "MAX_BYTES", 60)
    source.write_text("a: 100\n")
    yaml_file.load(source)
    assert len(list(cache.iterdir())) == 2 + 1
    monkeypatch.setattr(parsed_cache, "MAX_ENTRY_BYTES", 5)
    source.write_text("a: 100000\n")
    yaml_file.load(source)
    assert len(list(cache.iterdir())) == 2 + 1
    assert foreign.exists()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/users/me"}, "/x/alterlab-billing-mock"),
        ({"XDG_CACHE_HOME": "x", "HOME": "/users/me"}, "/users/me/.cache/alterlab-billing-mock"),
        ({"HOME": "/users/me"}, "/users/me/.cache/alterlab-billing-mock"),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_the_folder_follows_the_xdg_specification(
    environment: dict[str, str], expected: str | None
) -> None:
    """Relative paths are ignored. Without a home there is no cache."""
    assert parsed_cache.default_folder(environment) == (expected and Path(expected))


@pytest.mark.slow
def test_the_server_uses_the_cache_unless_it_is_off(tmp_path: Path) -> None:
    """All packaged documents have an entry; with ``off`` nothing is written."""
    with serving("--port", "0", "--cache", "off", XDG_CACHE_HOME=str(tmp_path)):
        assert not [*tmp_path.iterdir()]
    for _ in range(2):
        with (
            serving("--port", "0", XDG_CACHE_HOME=str(tmp_path)) as program,
            program.client("sk_test_default") as client,
        ):
            assert client.get("/api/v1/billing/balance").status_code == 200
            assert client.get("/_mock/health").status_code == 200
        files = 3 + len([*packaged.fixtures().rglob("*.yaml")])
        assert len([*(tmp_path / "alterlab-billing-mock").iterdir()]) == files
