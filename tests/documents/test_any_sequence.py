"""Any sequence of requests gets valid responses only, and the same bytes by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from benchmarks.documents.client import Client, Reply
from benchmarks.documents.judging import violations
from benchmarks.documents.lifecycles import first_item, identity_in
from benchmarks.documents.messages import Message, Messages
from benchmarks.documents.operation import Operation
from benchmarks.documents.reading import Reading, read
from benchmarks.documents.values import NoValue, Values
from tests.conftest import NOON, running_server
from tests.documents.ours import DOCUMENTS

LENGTH = 40
"""The number of requests of a sequence."""
ACCOUNTS = ("first-account", "second-account")


class Sequence:
    """A sequence of valid and invalid requests, chosen by seed and by earlier responses."""

    def __init__(self, reading: Reading, seed: int) -> None:
        self._chance = random.Random(seed)
        self._operations = reading.operations
        self._messages = Messages(reading.request, Values(reading.request, self._chance))
        self._bodies: list[object] = []

    def messages(self) -> Iterator[Message]:
        """Yield requests; each may name what an earlier response has given."""
        for _ in range(LENGTH):
            operation = self._chance.choice(self._operations)
            try:
                message = self._message(operation)
            except NoValue:
                continue
            if message.account:
                message.account = self._chance.choice(ACCOUNTS)
            yield message

    def learn(self, reply: Reply) -> None:
        """Remember what a response has given."""
        try:
            body = reply.json()
        except ValueError:
            return
        self._bodies.append(first_item(body) or body)

    def _message(self, operation: Operation) -> Message:
        known = {}
        for parameter in operation.parameters:
            if parameter.location == "path" and self._bodies:
                identity = identity_in(self._chance.choice(self._bodies), parameter.name)
                if identity is not None:
                    known[parameter.name] = identity
        valid = self._messages.valid(operation, known, full=self._chance.random() < 0.5)
        invalid = self._messages.invalid(valid)
        return self._chance.choice(invalid) if invalid and self._chance.random() < 0.3 else valid


def replies(name: str, seed: int) -> list[tuple[Message, Reply]]:
    """Return the sequence of a seed with the responses of a new server."""
    reading = read(DOCUMENTS[name])
    sequence = Sequence(reading, seed)
    found = []
    with running_server(spec=DOCUMENTS[name], now=NOON) as server:
        client = Client(int(server.url.rpartition(":")[2]), reading.base_path)
        for message in sequence.messages():
            reply = client.send(message)
            sequence.learn(reply)
            found.append((message, reply))
        client.close()
    return found


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_response_is_valid_and_the_same_by_seed(name: str, seed: int) -> None:
    """No response is a server error or breaks its schema; a second server sends the same bytes."""
    response_schemas = read(DOCUMENTS[name]).response
    first = replies(name, seed)
    for message, reply in first:
        line = f"{message.operation.key} ({message.why}): {reply.status} {reply.content[:200]!r}"
        assert 200 <= reply.status < 500, line
        if message.operation.response(reply.status) is not None:
            assert not violations(message.operation, reply, response_schemas), line
        else:
            assert reply.status >= 400, line
    again = replies(name, seed)
    assert [(one.status, one.media, one.content) for _, one in first] == [
        (one.status, one.media, one.content) for _, one in again
    ]
