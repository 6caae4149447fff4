"""The mock of the notes API, as a user starts it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.cli.program import Program, serving
from tests.resources.documents import BEARER, NOTES

NOW = "2026-03-18T12:00:00Z"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with serving("--spec", NOTES, "--port", "0", "--now", NOW) as started:
        yield started


@pytest.fixture
def anonymous(program: Program) -> Iterator[httpx.Client]:
    """A client without credentials."""
    with program.client() as client:
        yield client


@pytest.fixture
def client(program: Program) -> Iterator[httpx.Client]:
    """A client with a bearer token. The mock is reset before each test."""
    with program.client() as made:
        made.post("/_mock/reset").raise_for_status()
        made.headers.update(BEARER)
        yield made
