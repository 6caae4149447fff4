"""Checks, before any test, that the deployment is there, is this API and accepts the key."""

from __future__ import annotations

import time
from dataclasses import replace

from contract_tests.errors import Unreachable, UsageError
from contract_tests.http.channel import Channel, TimeIsUp, retry_after
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange, Request
from contract_tests.http.response_reader import CLOSED, RESET
from contract_tests.openapi.contract import JSON, Contract, Operation, Place
from contract_tests.openapi.examples import required_query
from contract_tests.settings import Settings

_TRIES = 3
PATIENCE = 8.0
"""Seconds for an answer, and for a deployment that answers 429."""


def check(channel: Channel, settings: Settings) -> None:
    """Check the deployment. Raise Unreachable, or UsageError for ``--mock`` without a mock."""
    limits = channel.limits
    channel.source, channel.retries_429 = "preflight", False
    channel.limits = replace(limits, timeout=min(limits.timeout, PATIENCE))
    try:
        if settings.mock:
            _must_be_the_mock(channel)
        else:
            _must_be_the_api(channel, settings)
    except TimeIsUp:
        raise Unreachable(
            f"{channel.base_url} cannot be reached: no response within --max-time"
        ) from None
    finally:
        channel.limits, channel.retries_429 = limits, True


def _must_be_the_api(channel: Channel, settings: Settings) -> None:
    client = Client(channel, "api-key" if channel.keyring.credential is not None else None)
    reads = [
        operation
        for operation in channel.contract.operations.values()
        if operation.method == "GET"
        and not operation.path_names
        and not ((own := settings.operations.get(operation.id)) and own.skip)
    ]
    answers: list[Exchange] = []
    for operation in reads[:_TRIES]:
        answer = _ask(client, operation)
        if _is_this_api(answer, operation, channel.contract):
            return
        answers.append(answer)
        if answer.error or answer.status == 429:
            break
    if answers:  # without a read that needs nothing, nobody can know
        raise Unreachable(_complaint(channel, settings, answers[-1]))


def _ask(client: Client, operation: Operation) -> Exchange:
    """Return a response other than 429, if one comes in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        query = dict(required_query(client.channel.contract, operation))
        answer = client.call(operation.id, query=query)
        wait = retry_after(answer) or 1.0
        if answer.status != 429 or time.monotonic() + wait > deadline:
            return answer
        time.sleep(wait)


def _must_be_the_mock(channel: Channel) -> None:
    answer = Client(channel, None).raw(Request("GET", "/_mock/health"))
    if answer.status == 0:
        raise Unreachable(_silent(channel, answer))
    if answer.status == 200:  # health is open, even if the rest of the control API is closed
        closed = Client(channel, None).raw(Request("GET", "/_mock/clock"))
        answer = closed if closed.status == 403 else answer
    if answer.status == 403:
        detail = _words(channel, answer.object.get("detail", ""))
        raise Unreachable(f"{channel.base_url} has its control API closed: {detail}")
    if answer.object.get("status") != "ok" or "seed" not in answer.object:
        raise UsageError(
            f"{channel.base_url} is not the mock: GET /_mock/health answers {answer.status}. "
            "Leave --mock out, and name a key with --api-key-env"
        )


def _is_this_api(answer: Exchange, operation: Operation, contract: Contract) -> bool:
    """Whether it speaks as the API does: as documented, and no refusal of the key."""
    if answer.status in (401, 403):
        return False
    response = operation.response(answer.status)
    if 200 <= answer.status < 400 and response is not None and not answer.error:
        return _has_the_form(answer, response, contract)
    if answer.json is None or answer.json == {}:
        return False
    is_error = contract.error_fields <= answer.object.keys() and bool(answer.object)
    return answer.status not in (404, 405, 429) and is_error


def _has_the_form(answer: Exchange, response: Place, contract: Contract) -> bool:
    """Return whether a body is of a documented media type; JSON must be an object or a list."""
    content = response.node.get("content") or {}
    if not content or (answer.media_type in content and answer.media_type != JSON):
        return True
    if "schema" not in content.get(JSON, {}):
        return answer.json is not None
    kind = contract.at(response.child("content", JSON, "schema")).node.get("type")
    if isinstance(answer.json, list):
        return kind in ("array", None)
    return bool(answer.json) and kind != "array" if kind else answer.json is not None


def _complaint(channel: Channel, settings: Settings, answer: Exchange) -> str:
    url = channel.base_url
    if answer.status == 0:
        return _silent(channel, answer)
    if answer.status in (401, 403):
        name = settings.api_key_env
        detail = _words(channel, answer.object.get("detail", ""))
        return (
            f"{url} refuses the key of {name} with {answer.status}: {detail or 'no reason given'}"
        )
    if 300 <= answer.status < 400:
        target = _words(channel, answer.response_header("location") or "nowhere")
        return f"{url} redirects to {target} instead of answering; give the URL of the API itself"
    if answer.status == 429:
        return (
            f"{url} answers 429 (too many requests) and goes on doing so; "
            "try again later or with a lower --rate-limit"
        )
    if answer.error:
        return f"{url} answers {answer.status}, but {answer.error}"
    kind = answer.media_type or "no content type"
    return (
        f"{url} is not the {channel.contract.title}: "
        f"GET {answer.path} answers {answer.status} with {kind} "
        f"and no JSON object; give the URL without {channel.contract.root or 'the path of the API'}"
    )


def _words(channel: Channel, said: object) -> str:
    """Return a message of the deployment in one line."""
    return " ".join(channel.keyring.text(str(said)).split())[:200]


def _silent(channel: Channel, answer: Exchange) -> str:
    """Return why nothing came back. A TLS 1.3 server may refuse a client without a word."""
    hint = ""
    is_refused = answer.error in (CLOSED, RESET) and channel.base_url.startswith("https:")
    if is_refused and channel.limits.network.client_cert is None:
        hint = "; it may want a client certificate (--client-cert)"
    return f"{channel.base_url} cannot be reached: {answer.error}{hint}"
