"""Property tests by Schemathesis in this process: examples, coverage, fuzzing, stateful phases.

The channel sends its requests, and the judge judges them like any others. The results of its checks
are added.
"""

from __future__ import annotations

import copy
from contextlib import closing, suppress
from typing import Any

from contract_tests.compat import Event, decided_by_the_seed, run_schemathesis
from contract_tests.context import Run
from contract_tests.drivers.read_account import path_values
from contract_tests.drivers.schemathesis_checks import CheckResults
from contract_tests.drivers.schemathesis_session import NoResponse, SessionAdapter
from contract_tests.http.channel import Outgoing, Withheld
from contract_tests.http.client import Client
from contract_tests.openapi import examples
from contract_tests.openapi.contract import Contract, Node, is_ignored
from contract_tests.openapi.security import writer
from contract_tests.text import shortened

_REFUSALS = [400, 401, 402, 403, 404, 409, 410, 429]
"""Statuses that a valid request may get beside success, depending on the account."""

STATEFUL = "stateful"
_ALL_PHASES = frozenset({"examples", "coverage", "fuzzing", STATEFUL})
_NO_HEADER_TEXT = "".join(map(chr, (*range(32), 127)))
"""Characters that HTTP does not allow in a header."""

Real = dict[str, str]
"""Real values by the parameter's name."""


def drive(run: Run) -> None:
    """Run all phases on one account, with every operation that may be called."""
    if not (run.pieces("properties") or run.portion.of(STATEFUL, [STATEFUL])):
        return
    adapter = SessionAdapter(run)
    with decided_by_the_seed(), adapter.opened():
        client, scope = _account(run)
        if _adds_keys(run) and client.key is not None:
            adapter.account = client.key
        real = _real_values(run, client, scope)
        base = run.contract.base_path
        names = {
            operation.id: f"{operation.method} {operation.path.removeprefix(base)}"
            for operation in run.operations()
            if _may_be_called(run, operation.id, real)
        }
        if not names:
            run.skip("properties", "none of the selected operations may be called")
        for part, phases in _parts(run, list(names)):
            labels = [names[id] for id in part]
            _run_schemathesis(run, adapter, client, real, labels, phases=phases)


def _adds_keys(run: Run) -> bool:
    """Return whether each request gets its key by its operation: there is more than one header."""
    credential = run.contract.credential
    headers = {credential.header.lower()} if credential is not None else set()
    return run.takes_any_key or any(
        carrier.location != "header" or carrier.name.lower() not in headers
        for operation in run.operations()
        for carrier in operation.carriers
    )


def _parts(run: Run, ids: list[str]) -> list[tuple[list[str], frozenset[str]]]:
    """Return the operations and the phases of each run of Schemathesis.

    The stateful phase follows links from one operation to another, so it is one piece of work with
    all operations. The other phases have a piece for each operation.
    """
    if run.portion.is_whole:
        return [(ids, _ALL_PHASES)] if ids else []
    chosen = run.portion.of("properties", ids)
    parts = [(chosen, _ALL_PHASES - {STATEFUL})] if chosen else []
    if run.portion.of(STATEFUL, [STATEFUL]) and ids:
        parts.append((ids, frozenset({STATEFUL})))
    return parts


def _account(run: Run) -> tuple[Client, str | None]:
    """Return a client, and a shared account that it belongs to. On the mock, it has a past."""
    if not run.settings.mock:
        return run.account(), run.settings.organization_id
    for situation in run.knowledge.situations(run.unauthenticated()):
        if situation.scope:
            return run.mock_account(situation.name), situation.scope
    return run.account(), None


def _real_values(run: Run, client: Client, scope: str | None) -> Real:
    real = {run.knowledge.identifiers.scope_header: scope} if scope else {}
    collection = run.knowledge.safety.collection
    if collection is None:
        for operation in run.operations():
            real |= path_values(run, client, operation)
    elif run.settings.may_write and run.takes(collection.add):
        body = examples.example(run.contract, run.contract.operations[collection.add])
        with suppress(Withheld):
            id = client.call(collection.add, body).object.get("id")
            real |= {collection.parameter: id} if isinstance(id, str) else {}
    return real


def _may_be_called(run: Run, name: str, real: Real) -> bool:
    """Return whether any request for an operation may be sent."""
    operation = run.contract.operations[name]
    reason = run.guard.reason(
        Outgoing(operation.method, operation.path, True, operation, {}, b"", "")
    )
    collection = run.knowledge.safety.collection
    if (
        reason is None
        and collection is not None
        and name == collection.remove
        and collection.parameter not in real
        and not run.settings.mock
    ):
        reason = f"no {collection.noun} could be added, and others are not the kit's to remove"
    if reason is not None:
        run.coverage.explain(name, "properties", reason)
    return reason is None


def _document(contract: Contract, real: Real, scope_header: str) -> Node:
    """Return the contract with real values as examples, and without an unknown scope header.

    A made-up organization would be refused with 403 before anything else is checked. Parameters
    that OpenAPI ignores, such as ``Accept``, are left out as well.
    """
    unknown = scope_header if scope_header not in real else None
    copied = Contract(contract.path, copy.deepcopy(contract.document))
    for operation in copied.operations.values():
        for parameter in operation.parameters:
            name = parameter.node["name"]
            if name in real:
                parameter.node["example"] = _typed(copied, parameter.child("schema"), real[name])
        given = operation.place.node.get("parameters", [])
        places = [operation.place.child("parameters", str(index)) for index in range(len(given))]
        operation.place.node["parameters"] = [
            parameter
            for parameter, place in zip(given, places, strict=True)
            if not is_ignored(node := copied.at(place).node) and node["name"] != unknown
        ]
    return copied.document


def _typed(contract: Contract, schema: str, text: str) -> str | int:
    return int(text) if contract.at(schema).node.get("type") == "integer" else text


def _settings(run: Run, client: Client, real: Real, phases: frozenset[str]) -> dict[str, Any]:
    """Return Schemathesis' settings, as in its configuration file."""
    settings = run.settings
    return {
        "base-url": run.channel.base_url + run.contract.base_path,
        "headers": _key_header(run, client),
        "seed": settings.seed,
        "workers": settings.workers,
        "max-redirects": 0,
        "suppress-health-check": ["all"],
        "cache": {"enabled": False},
        "analysis": {"constants": {"enabled": False}},
        "warnings": False,
        "generation": {
            "max-examples": settings.max_examples,
            "database": "none",
            "exclude-header-characters": _NO_HEADER_TEXT,
        },
        "checks": _checks(run),
        "phases": {
            "examples": {},
            "coverage": {} if settings.may_do_anything else {"unexpected-methods": []},
            "fuzzing": {},
            "stateful": {
                "max-steps": 10,
                "generation": {"max-examples": 2 * settings.max_examples},
            },
        }
        | {name: {"enabled": False} for name in _ALL_PHASES - phases},
        **_own_things(run, real),
    }


def _key_header(run: Run, client: Client) -> dict[str, str]:
    """Return the header that carries the key of an account; none for keys of the query."""
    credential = run.keyring.credential
    carriers = [carrier for operation in run.operations() for carrier in operation.carriers]
    is_of_query = bool(carriers) and all(carrier.location == "query" for carrier in carriers)
    if credential is None or client.key is None or is_of_query:
        return {}
    main = next((one for one in carriers if one.name == credential.header), None)
    value = writer(carriers, credential)(run.keyring.key(client.key, main))
    run.keyring.also(client.key, value.removeprefix(credential.prefix))
    return {credential.header: value}


def _checks(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", *_redirections(run), *_REFUSALS, "5xx"]
        },
        "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},
    }
    if _adds_keys(run):
        found["ignored_auth"] = {"enabled": False}
    if run.settings.mock and not run.knowledge.mock_keeps_state:
        found["use_after_free"] = {"enabled": False}
    return found


def _redirections(run: Run) -> list[str]:
    """Return the statuses that redirect, if the document has any."""
    statuses = {
        status for operation in run.contract.operations.values() for status in operation.responses
    }
    return ["3xx"] if any(300 <= status < 400 for status in statuses) else []


def _own_things(run: Run, real: Real) -> dict[str, Any]:
    """Pin the path parameter of things to the run's own, on a deployment."""
    collection = run.knowledge.safety.collection
    own = real.get(collection.parameter) if collection is not None else None
    if collection is None or own is None or run.settings.mock:
        return {}
    always = {"dictionary": "own", "probability": 1.0}
    return {
        "dictionaries": {"own": {"values": [own]}},
        "parameters": {f"path.{collection.parameter}": always},
    }


def _run_schemathesis(
    run: Run,
    adapter: SessionAdapter,
    client: Client,
    real: Real,
    names: list[str],
    *,
    phases: frozenset[str],
) -> None:
    """Run Schemathesis, and note what it could not do."""
    document = _document(run.contract, real, run.knowledge.identifiers.scope_header)
    hooks: dict[str, Any] = {"filter_failure": CheckResults(run, adapter).filter_failure}
    if not run.settings.mock:
        hooks["filter_case"] = adapter.filter_case
        hooks["before_add_examples"] = adapter.before_add_examples
    interrupted = False
    with closing(
        run_schemathesis(document, _settings(run, client, real, phases), names, hooks)
    ) as events:
        for event in events:
            if event.phase:
                run.channel.source = f"properties: {event.phase}"
            elif event.error is not None and not _is_explained(event, adapter):
                why = run.keyring.text(f"{type(event.error).__name__}: {event.error}")
                run.skip(f"properties: {event.label}", shortened(why, 200))
            interrupted |= event.is_interruption
    if interrupted:
        raise adapter.ended or KeyboardInterrupt


def _is_explained(event: Event, adapter: SessionAdapter) -> bool:
    """Return whether an error only says that requests were withheld or got no response."""
    from hypothesis.errors import Unsatisfiable

    if isinstance(event.error, Unsatisfiable):
        return event.label in adapter.discarded or (
            not event.is_of_operation and bool(adapter.discarded)
        )
    return isinstance(event.error, Withheld | NoResponse)
