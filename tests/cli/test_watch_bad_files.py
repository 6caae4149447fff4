"""``--watch`` keeps serving the last good files while others are saved, and can be ended."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import packaged
from tests.bad_files import BAD_FILES, BAD_REFERENCES
from tests.cli.program import Program, serving
from tests.conftest import API

WITHIN_SECONDS = 30
"""The longest wait for a reload on a busy machine."""
CONTENTS = {name: content for name, (content, _, _) in BAD_FILES.items()} | BAD_REFERENCES
NAMES = [
    *("deep flow", "deep block", "deep JSON", "aliases that multiply", "a repeated key"),
    *("a repeated key in JSON", "too large", "empty", "a list at the top", "binary", "UTF-16"),
    *("a merge key", *BAD_REFERENCES),
]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Path]]:
    """A program that watches copies of contract and fixtures, and their folder."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(packaged.fixtures(), folder / "fixtures")
    shutil.copy(packaged.spec(), folder / "openapi.yaml")
    files = ("--spec", folder / "openapi.yaml", "--fixtures", folder / "fixtures")
    with serving("--port", "0", "--watch", *files) as program:
        yield program, folder
        code, seconds = program.end(signal.SIGTERM)
        assert code == 0
        assert seconds < 5


def saved(program: Program, path: Path, content: bytes) -> str:
    """Save a file, and return what the program prints."""
    before = len(program.stdout)
    path.write_bytes(content)
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        if program.stdout[before:].endswith("\n"):
            return program.stdout[before:]
        time.sleep(0.02)
    raise AssertionError(f"nothing was printed about {path}: {program.stderr}")


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_contract_is_reported_and_the_last_good_one_is_served(
    watched: tuple[Program, Path], name: str
) -> None:
    """The message is one line with file and line. The next good file is served."""
    program, folder = watched
    path = folder / "openapi.yaml"
    message = saved(program, path, CONTENTS[name])
    assert message.startswith(f"Not reloaded, the last good state is still served. {path}:")
    assert message.count("\n") == 1
    with program.client("sk_test_default") as client:
        assert client.get(f"{API}/balance").status_code == 200
        good = packaged.spec().read_bytes().replace(b"title: ", f"title: {name} ".encode(), 1)
        assert saved(program, path, good).startswith("Reloaded openapi.yaml")
        assert client.get("/openapi.json").json()["info"]["title"].startswith(name)


@pytest.mark.parametrize(
    "place", ["fixtures/catalogue.yaml", "fixtures/personas/new.yaml", "fixtures/faults/flaky.yaml"]
)
@pytest.mark.parametrize("name", ["deep block", "aliases that multiply", "empty"])
def test_a_bad_fixture_is_reported_and_the_last_good_one_is_served(
    watched: tuple[Program, Path], place: str, name: str
) -> None:
    """The same holds for catalogue, personas and sets of faults."""
    program, folder = watched
    path = folder / place
    good = path.read_bytes()
    message = saved(program, path, CONTENTS[name])
    assert message.startswith(f"Not reloaded, the last good state is still served. {path}:")
    assert message.count("\n") == 1
    with program.client("sk_test_default") as client:
        assert client.get(f"{API}/balance").status_code == 200
    assert saved(program, path, good).startswith(f"Reloaded {path.name}")


@pytest.mark.slow
def test_the_program_can_be_ended_during_a_reload(tmp_path: Path) -> None:
    """A reload runs in a thread that the process does not wait for."""
    spec = tmp_path / "openapi.yaml"
    shutil.copy(packaged.spec(), spec)
    with serving("--port", "0", "--watch", "--spec", spec) as program:
        schemas = "".join(f"    X{index}: {{type: string}}\n" for index in range(100_000))
        text = packaged.spec().read_text(encoding="utf-8")
        spec.write_text(text.replace("  schemas:\n", f"  schemas:\n{schemas}", 1))
        time.sleep(0.5)
        code, seconds = program.end(signal.SIGTERM)
    assert code == 0
    assert seconds < 5
