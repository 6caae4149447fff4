"""Any sequence of requests to any of some documents gets valid responses, the same by seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import JSON, Contract, Operation
from tests.conftest import RunningServer, running_server
from tests.resources.documents import NOTES
from tests.resources.shop import SHOP

PETSTORE = Path(__file__).resolve().parent.parent / "data" / "petstore.yaml"
DOCUMENTS = [NOTES, SHOP, PETSTORE]
MOMENT = datetime(2026, 3, 18, 12, tzinfo=UTC)
CREDENTIALS = {"Authorization": "Bearer any", "api_key": "any", "X-API-Key": "any"}
STEPS = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12
)
"""An operation, the key of its generated values, and which known id it uses."""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[Path, list[RunningServer]]]:
    """Two servers of each document, with the same seed and clock."""
    with ExitStack() as stack:
        yield {
            path: [stack.enter_context(running_server(spec=path, now=MOMENT)) for _ in range(2)]
            for path in DOCUMENTS
        }


class Session:
    """Requests to one server, which use the ids of earlier responses."""

    def __init__(self, contract: Contract, client: httpx.Client) -> None:
        self.contract = contract
        self.client = client
        self.generator = Generator(contract.schemas, 1)
        self.operations = list(contract.operations.values())
        self.ids = ["1", "nothing"]
        self.sent: list[bytes] = []

    def step(self, number: int, key: int, choice: int) -> None:
        """Send one request, and judge the response."""
        operation = self.operations[number % len(self.operations)]
        path = operation.path
        for name in operation.path_names:
            path = path.replace(f"{{{name}}}", self.ids[-1 - choice % len(self.ids)])
        response = self.client.request(
            operation.method.upper(),
            self.contract.base_path + path,
            params={"limit": key + 1},
            content=self.body(operation, key),
            headers={"Content-Type": JSON},
        )
        self.judge(operation, response)
        self.sent.append(response.content)
        self.learn(response)

    def body(self, operation: Operation, key: int) -> bytes | None:
        """Return a valid JSON body."""
        request = self.contract.follow(operation.request_body or {})
        media = request.get("content", {}).get(JSON)
        if media is None:
            return None
        try:
            value = self.generator.compile(media["schema"]).make(key)
        except NoValue:
            return b"{}"
        return json.dumps(value).encode()

    def judge(self, operation: Operation, response: httpx.Response) -> None:
        """Check that a response is documented and valid, or an error that needs no description."""
        where = f"{operation.operation_id} {response.status_code}: {response.text}"
        assert response.status_code < 500, where
        documented = operation.response(response.status_code)
        assert documented is not None or response.status_code in (400, 401, 404, 415, 422), where
        content = self.contract.follow(documented or {}).get("content", {})
        if JSON in content and response.headers.get("Content-Type") == JSON:
            validator = self.contract.validator(content[JSON].get("schema", {}))
            assert validator.is_valid(response.json()), where

    def learn(self, response: httpx.Response) -> None:
        """Keep the ids in a response."""
        if response.is_success and response.content:
            body: Any = response.json()
            for item in body if isinstance(body, list) else [body]:
                for name in ("id", "username"):
                    if isinstance(item, dict) and isinstance(item.get(name), str | int):
                        self.ids.append(str(item[name]))


@pytest.mark.slow
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parent.name + "/" + path.stem)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_sequence_gets_valid_responses_and_the_same_bytes(
    servers: dict[Path, list[RunningServer]], path: Path, steps: list[tuple[int, int, int]]
) -> None:
    """Whatever is created, changed and deleted, in any order."""
    runs = []
    for server in servers[path]:
        with server.client(None) as client:
            client.post("/_mock/reset").raise_for_status()
            client.headers.update(CREDENTIALS)
            session = Session(server.contract, client)
            for step in steps:
                session.step(*step)
            runs.append(session.sent)
    assert runs[0] == runs[1]
