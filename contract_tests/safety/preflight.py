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
"""Seconds for a response, and for a deployment that responds with 429."""


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
    responses: list[Exchange] = []
    for operation in reads[:_TRIES]:
        response = _ask(client, operation)
        if _is_this_api(response, operation, channel.contract):
            return
        responses.append(response)
        if response.error or response.status == 429:
            break
    if responses:  # without a read that needs nothing, nobody can know
        raise Unreachable(_complaint(channel, settings, responses[-1]))


def _ask(client: Client, operation: Operation) -> Exchange:
    """Return a response other than 429, if one comes in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        query = dict(required_query(client.channel.contract, operation))
        response = client.call(operation.id, query=query)
        wait = retry_after(response) or 1.0
        if response.status != 429 or time.monotonic() + wait > deadline:
            return response
        time.sleep(wait)


def _must_be_the_mock(channel: Channel) -> None:
    response = Client(channel, None).raw(Request("GET", "/_mock/health"))
    if response.status == 0:
        raise Unreachable(_silent(channel, response))
    if response.status == 200:  # health is open, even if the rest of the control API is closed
        closed = Client(channel, None).raw(Request("GET", "/_mock/clock"))
        response = closed if closed.status == 403 else response
    if response.status == 403:
        detail = _words(channel, response.object.get("detail", ""))
        raise Unreachable(f"{channel.base_url} has its control API closed: {detail}")
    if response.object.get("status") != "ok" or "seed" not in response.object:
        raise UsageError(
            f"{channel.base_url} is not the mock: "
            f"GET /_mock/health responds with {response.status}. "
            "Leave --mock out, and name a key with --api-key-env"
        )


def _is_this_api(response: Exchange, operation: Operation, contract: Contract) -> bool:
    """Whether it speaks as the API does: as documented, and no refusal of the key."""
    if response.status in (401, 403):
        return False
    declared = operation.response(response.status)
    if 200 <= response.status < 400 and declared is not None and not response.error:
        return _has_the_form(response, declared, contract)
    if response.json is None or response.json == {}:
        return False
    is_error = contract.error_fields <= response.object.keys() and bool(response.object)
    return response.status not in (404, 405, 429) and is_error


def _has_the_form(response: Exchange, declared: Place, contract: Contract) -> bool:
    """Return whether a body is of a documented media type; JSON must be an object or a list."""
    content = declared.node.get("content") or {}
    if not content or (response.media_type in content and response.media_type != JSON):
        return True
    if "schema" not in content.get(JSON, {}):
        return response.json is not None
    kind = contract.at(declared.child("content", JSON, "schema")).node.get("type")
    if isinstance(response.json, list):
        return kind in ("array", None)
    return bool(response.json) and kind != "array" if kind else response.json is not None


def _complaint(channel: Channel, settings: Settings, response: Exchange) -> str:
    url = channel.base_url
    if response.status == 0:
        return _silent(channel, response)
    if response.status in (401, 403):
        name = settings.api_key_env
        detail = _words(channel, response.object.get("detail", ""))
        return (
            f"{url} refuses the key of {name} with {response.status}: {detail or 'no reason given'}"
        )
    if 300 <= response.status < 400:
        target = _words(channel, response.response_header("location") or "nowhere")
        return f"{url} redirects to {target} instead of responding; give the URL of the API itself"
    if response.status == 429:
        return (
            f"{url} responds with 429 (too many requests) and goes on doing so; "
            "try again later or with a lower --rate-limit"
        )
    if response.error:
        return f"{url} responds with {response.status}, but {response.error}"
    kind = response.media_type or "no content type"
    return (
        f"{url} is not the {channel.contract.title}: "
        f"GET {response.path} responds with {response.status} ({kind}) "
        f"and no JSON object; give the URL without {channel.contract.root or 'the path of the API'}"
    )


def _words(channel: Channel, said: object) -> str:
    """Return a message of the deployment in one line."""
    return " ".join(channel.keyring.text(str(said)).split())[:200]


def _silent(channel: Channel, response: Exchange) -> str:
    """Return why nothing came back. A TLS 1.3 server may refuse a client without a word."""
    hint = ""
    is_refused = response.error in (CLOSED, RESET) and channel.base_url.startswith("https:")
    if is_refused and channel.limits.network.client_cert is None:
        hint = "; it may want a client certificate (--client-cert)"
    return f"{channel.base_url} cannot be reached: {response.error}{hint}"
