"""Property tests by Schemathesis, in this process: examples, coverage, fuzzing and stateful phases, with all checks.

It makes requests, which the channel sends and the judge judges like any others. What its checks say is heard on top.
"""

from __future__ import annotations

import copy
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from contract_tests.context import Run
from contract_tests.drivers.chance import by_the_seed
from contract_tests.drivers.complaints import Complaints
from contract_tests.drivers.outlet import ADD, CARD, REMOVE, Outlet, Unanswered
from contract_tests.http.channel import Outgoing, Withheld
from contract_tests.http.client import Caller
from contract_tests.http.redaction import KEY_HEADER
from contract_tests.judge.judge import ORGANIZATION
from contract_tests.openapi import examples
from contract_tests.openapi.contract import Contract, Node
from contract_tests.text import shortened

if TYPE_CHECKING:
    from schemathesis.engine.events import NonFatalError


_REFUSALS = [400, 401, 402, 403, 404, 409, 410, 429]
"""What a valid request may be answered with, beside success: the state of the account has a say, too."""

_NO_HEADER_TEXT = "".join(map(chr, (*range(32), 127)))
"""What HTTP does not allow in a header, so that it is refused before the API hears of it."""


def drive(run: Run) -> None:
    """All phases, on one account, with every operation that may be called."""
    outlet = Outlet(run)
    with by_the_seed(), outlet.opened():
        caller, organization = _account(run)
        real = _real_values(run, caller, organization)
        names = [each.id for each in run.operations() if _may_be_called(run, each.id, real)]
        if names:
            _let_loose(
                run, outlet, _settings(run, caller, real), _document(run.contract, real), names
            )
        else:
            run.skip("properties", "none of the selected operations may be called")


def _account(run: Run) -> tuple[Caller, str | None]:
    """Who asks, and an organization that it belongs to. On the mock a persona, as if it had never been used."""
    if not run.settings.mock:
        return run.account(), run.settings.organization_id
    for each in run.stranger().control("GET", "personas").object.get("personas", []):
        if each["member_of"] and each["key"]:
            return run.persona(each["key"].removeprefix("sk_test_")), each["member_of"]
    return run.account(), None


def _real_values(run: Run, caller: Caller, organization: str | None) -> dict[str, str]:
    """Values by the parameter's name, with which a request gets as far as to what is to be tested."""
    real = {ORGANIZATION: organization} if organization else {}
    if run.settings.may_write and run.takes(ADD):
        body = examples.example(run.contract, run.contract.operations[ADD])
        with suppress(Withheld):
            card = caller.call(ADD, body).object.get("id")
            real |= {CARD: card} if isinstance(card, str) else {}
    return real


def _may_be_called(run: Run, name: str, real: dict[str, str]) -> bool:
    """Whether there is any request for an operation that may leave."""
    operation = run.contract.operations[name]
    reason = run.guard.reason(
        Outgoing(operation.method, operation.path, True, operation, {}, b"", "")
    )
    if reason is None and name == REMOVE and CARD not in real and not run.settings.mock:
        reason = "no card could be added, and others are not the kit's to remove"
    if reason is not None:
        run.coverage.explain(name, "properties", reason)
    return reason is None


def _document(contract: Contract, real: dict[str, str]) -> Node:
    """The contract with real values for its examples, and without the organization if there is none.

    A made-up organization is refused with 403 before anything else is looked at.
    """
    copied = Contract(contract.path, copy.deepcopy(contract.document))
    for operation in copied.operations.values():
        for parameter in operation.parameters:
            if parameter.node["name"] in real:
                parameter.node["example"] = real[parameter.node["name"]]
        if ORGANIZATION not in real:
            operation.place.node["parameters"] = [
                each
                for index, each in enumerate(operation.place.node.get("parameters", []))
                if copied.at(operation.place.child("parameters", str(index))).node["name"]
                != ORGANIZATION
            ]
    return copied.document


def _settings(run: Run, caller: Caller, real: dict[str, str]) -> dict[str, Any]:
    """Schemathesis' settings, as in its configuration file."""
    settings = run.settings
    card = None if settings.mock else real.get(CARD)
    always = {"dictionary": "cards", "probability": 1.0}
    return {
        "base-url": run.channel.base_url,
        "headers": {KEY_HEADER: run.keyring.key(caller.key or "")},
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
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", *_REFUSALS, "5xx"]},
            "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},
        },
        "phases": {
            "coverage": {} if settings.may_do_anything else {"unexpected-methods": []},
            "stateful": {
                "max-steps": 10,
                "generation": {"max-examples": 2 * settings.max_examples},
            },
        },
        **(
            {"dictionaries": {"cards": {"values": [card]}}, "parameters": {f"path.{CARD}": always}}
            if card
            else {}
        ),
    }


def _let_loose(
    run: Run, outlet: Outlet, settings: dict[str, Any], document: Node, names: list[str]
) -> None:
    """Have Schemathesis do its tests, and tell what it could not do."""
    import schemathesis
    from schemathesis.engine import events
    from schemathesis.engine.core import Engine
    from schemathesis.engine.run import Phase, PhaseName, PhaseSkipReason

    class Tester(Engine):
        """Without the phase that finds out about the server by requests for paths that are not declared."""

        def get_phase_config(self, phase_name: PhaseName, **more: Any) -> Phase:
            if phase_name is PhaseName.PROBING:
                return Phase(phase_name, is_enabled=False, skip_reason=PhaseSkipReason.DISABLED)
            return super().get_phase_config(phase_name, **more)

    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_dict(document, config=config).include(operation_id=names)
    schema.adapt_to_path_decoder_rejection()  # as if it had asked, and had heard what many a proxy answers
    schema.hooks.register_hook_with_name(Complaints(run, outlet).filter_failure, "filter_failure")
    if not run.settings.mock:
        schema.hooks.register_hook_with_name(outlet.filter_case, "filter_case")
        schema.hooks.register_hook_with_name(outlet.before_add_examples, "before_add_examples")
    interrupted = False
    with closing(Tester(schema).execute().generator) as stream:
        for event in stream:
            if isinstance(event, events.PhaseStarted):
                run.channel.source = f"properties: {event.phase.name}"
            elif isinstance(event, events.NonFatalError) and not _is_explained(event, outlet):
                why = run.keyring.text(f"{type(event.value).__name__}: {event.value}")
                run.skip(f"properties: {event.label}", shortened(why, 200))
            interrupted |= isinstance(event, events.Interrupted)
    if interrupted:
        raise outlet.ended or KeyboardInterrupt


def _is_explained(error: NonFatalError, outlet: Outlet) -> bool:
    """Whether an error only says that requests were kept back or not answered, which others tell."""
    from hypothesis.errors import Unsatisfiable

    if isinstance(error.value, Unsatisfiable):
        return error.label in outlet.discarded or (
            not error.related_to_operation and bool(outlet.discarded)
        )
    return isinstance(error.value, Withheld | Unanswered)
