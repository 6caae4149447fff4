"""The size of request bodies of other documents is that of ``--max-body-bytes``."""

from __future__ import annotations

from pathlib import Path

from mockserver.limits import Limits
from tests.resources.documents import Json, document, operation, served

UPLOAD: Json = {"content": {"application/octet-stream": {}}}


def test_the_flag_limits_the_bodies_of_other_documents(tmp_path: Path) -> None:
    """The Billing API's own limit is not theirs, and a document may have one of its own."""
    small = {**UPLOAD, "x-max-bytes": 10}
    paths = {
        "/a": {"put": operation({"204": {}}, "put_a", requestBody=UPLOAD)},
        "/b": {"put": operation({"204": {}}, "put_b", requestBody=small)},
    }
    headers = {"Content-Type": "application/octet-stream"}
    with served(tmp_path, document(paths), limits=Limits(max_body_bytes=1_500_000)) as client:
        for path, size, status in (
            ("/a", 1_500_000, 204),
            ("/a", 1_500_001, 413),
            ("/b", 10, 204),
            ("/b", 11, 413),
        ):
            response = client.put(path, content=b"x" * size, headers=headers)
            assert response.status_code == status, response.text
