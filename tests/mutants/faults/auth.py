"""Keys that are not required, not validated, validated too late, or refused wrongly."""

from __future__ import annotations

from typing import Any

from mockserver.engine.errors import Unauthorized, Unprocessable
from mockserver.engine.operation import CompiledOperation
from mockserver.engine.request import Request as EngineRequest
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, wraps
from tests.mutants.wire import Request, Response, changes_request, changes_response

_PREFIX = "sk_test_"
_SOMEBODY = "sk_test_default"
_NOBODY = "sk_test_nobody"
_UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"


def _admit_without_key(request: Request) -> None:
    if request.key is None:
        request.key = _SOMEBODY


def _admit_empty_key(request: Request) -> None:
    if request.key is not None and not request.key.strip():
        request.key = _SOMEBODY


def _admit_any_key(request: Request) -> None:
    if request.key and not request.key.startswith(_PREFIX):
        request.key = _SOMEBODY


def _admit_live_key(request: Request) -> None:
    if request.key:
        request.key = request.key.replace("sk_live_", _PREFIX)


def _look_up_first(request: Request) -> None:
    if not (request.key or "").startswith(_PREFIX):
        request.key = _NOBODY


def _forbid(response: Response, _: Request) -> None:
    if response.status == 401:
        response.status = 403


def _refuse_politely(response: Response, _: Request) -> None:
    if response.status == 401:
        response.status = 200


def _validate_first(original: Original, self: CompiledOperation, request: EngineRequest) -> Any:
    """Validate the body of a deposit before the key."""
    if self.id == "create_deposit" and self.body is not None:
        try:
            self.service.identify(request, self.security)
        except Unauthorized:
            _, problems = self.body.parse(request.payload, request.warnings, request.headers)
            if problems:
                return self._complete(request, self._refuse(Unprocessable(problems), request))
    return original(self, request)


def _status_with(
    me: Caller, key: str | None, method: str, path: str, body: object = None
) -> object:
    return me.named(key).status(method, path, body)


FAULTS = (
    Fault(
        "portal-needs-no-key",
        "auth",
        "The customer portal opens without a key, for the default account.",
        changes_request("create_portal_session", by=_admit_without_key),
        lambda me: _status_with(me, None, "POST", "portal"),
    ),
    Fault(
        "change-of-plan-needs-no-key",
        "auth",
        "A plan can be changed without a key, on the default account.",
        changes_request("change_plan", by=_admit_without_key),
        lambda me: _status_with(me, None, "POST", "change-plan"),
    ),
    Fault(
        "any-key-reads-invoices",
        "auth",
        "Invoices are shown for any key, even one that is no key at all.",
        changes_request("list_invoices", by=_admit_any_key),
        lambda me: _status_with(me, "anything", "GET", "invoices"),
    ),
    Fault(
        "empty-key-reads-alerts",
        "auth",
        "Usage alerts are shown for an empty X-API-Key.",
        changes_request("get_usage_alerts", by=_admit_empty_key),
        lambda me: _status_with(me, "", "GET", "usage-alerts"),
    ),
    Fault(
        "live-key-makes-setup-intents",
        "auth",
        "A live key, which a mock must refuse, creates setup intents.",
        changes_request("create_setup_intent", by=_admit_live_key),
        lambda me: _status_with(
            me, "sk_live_0123456789abcdef0123456789abcdef", "POST", "setup-intent"
        ),
    ),
    Fault(
        "missing-key-answers-403",
        "auth",
        "Removing a card without a key gets 403 instead of 401.",
        changes_response("remove_payment_method", by=_forbid),
        lambda me: _status_with(me, None, "DELETE", f"payment-methods/{_UNKNOWN_CARD}"),
    ),
    Fault(
        "missing-key-answers-200",
        "auth",
        "The cost projection without a key gets 200 and an error in the body.",
        changes_response("get_cost_projection", by=_refuse_politely),
        lambda me: _status_with(me, None, "GET", "cost-projection"),
    ),
    Fault(
        "deposit-checked-before-the-key",
        "auth",
        "A wrong deposit without a key is answered with 422, so that anybody can probe the rules.",
        wraps(CompiledOperation, "respond", _validate_first, on=("create_deposit",)),
        lambda me: _status_with(me, None, "POST", "deposit", {"amount_cents": 1}),
    ),
    Fault(
        "card-looked-up-before-the-key",
        "auth",
        "Making an unknown card the default without a key gets 404 instead of 401.",
        changes_request("set_default_payment_method", by=_look_up_first),
        lambda me: _status_with(me, None, "POST", f"payment-methods/{_UNKNOWN_CARD}/default"),
    ),
)
