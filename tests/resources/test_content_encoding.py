"""Compressed request bodies."""

from __future__ import annotations

import gzip
import zlib

import httpx
import pytest

BODY = b'{"title": "Compressed", "text": "x"}'


def posted(client: httpx.Client, content: bytes, encoding: str) -> httpx.Response:
    """Send a body with an encoding."""
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return client.post("/v1/notes", content=content, headers=headers)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (gzip.compress(BODY, mtime=0), "gzip"),
        (zlib.compress(BODY), "deflate"),
        (BODY, "identity"),
    ],
)
def test_a_compressed_body_is_read(client: httpx.Client, content: bytes, encoding: str) -> None:
    """It is validated and kept as if it were sent as it is."""
    response = posted(client, content, encoding)
    assert response.status_code == 201
    assert response.json()["title"] == "Compressed"


@pytest.mark.parametrize(
    ("content", "encoding", "status", "words"),
    [
        (BODY, "br", 415, "Unsupported Content-Encoding"),
        (b"no gzip", "gzip", 400, "not valid gzip"),
        (gzip.compress(BODY, mtime=0)[:-12], "gzip", 400, "end is missing"),
        (gzip.compress(b"x" * 33_000_000), "gzip", 413, "too large"),
    ],
)
def test_a_body_that_cannot_be_decoded_is_refused(
    client: httpx.Client, content: bytes, encoding: str, status: int, words: str
) -> None:
    """The limit of a body holds after it is decoded."""
    response = posted(client, content, encoding)
    assert response.status_code == status
    assert words in response.text
