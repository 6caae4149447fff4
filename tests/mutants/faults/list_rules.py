"""Lists that are cut, counted or described wrongly."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from mockserver.billing.api.call import Call
from mockserver.engine.reply import Listing
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles
from tests.mutants.wire import Request, changes_body

Json = Any

_POWER = "sk_test_power_user"
_ACTIVITY, _AUDIT, _HISTORY, _LEDGER, _INVOICES = (
    "list_recent_activity",
    "list_audit_log",
    "list_auto_recharge_history",
    "list_credit_transactions",
    "list_invoices",
)
_MOST_COUNTED = 100
_MAX_PAGE_SIZE = 100
_DEFAULT_PAGE_SIZE = 20


def _cap_the_total(body: Json, _: Request) -> None:
    body["total"] = min(body["total"], _MOST_COUNTED)


def _promise_no_more(body: Json, request: Request) -> None:
    if "reference_type" in request.query:
        body["has_more"] = False


def _say_that_nothing_follows(body: Json, _: Request) -> None:
    body["has_more"] = False


def _tell_the_default_size(body: Json, _: Request) -> None:
    body["per_page"] = _DEFAULT_PAGE_SIZE


def _new_ids(body: Json, _: Request) -> None:
    for activity in body["activities"]:
        activity["id"] = str(uuid4())


def _skip_pages(original: Original, call: Call) -> Listing:
    params = {**call.params, "offset": call.params["offset"] * call.params["limit"]}
    listing: Listing = original(replace(call, params=params))
    return listing


def _repeat_the_last_page(original: Original, call: Call) -> Listing:
    attempts = len(call.context.account.auto_recharge.attempts)
    last = max(1, -(-attempts // call.params["per_page"]))
    params = {**call.params, "page": min(call.params["page"], last)}
    listing: Listing = original(replace(call, params=params))
    return listing


def _one_too_many(original: Original, call: Call) -> Listing:
    params = {**call.params, "limit": min(call.params["limit"] + 1, _MAX_PAGE_SIZE)}
    listing: Listing = original(replace(call, params=params))
    return listing


def _audit_total_after_many_changes(me: Caller) -> object:
    for _ in range(_MOST_COUNTED + 1):
        me.post("portal")
    return me.get("audit-log")["total"]


def _activity_at(me: Caller, offset: int) -> object:
    power = me.named(_POWER)
    return power.get("recent-activity", limit=3, offset=offset)["activities"]


def _history_beyond_its_end(me: Caller) -> object:
    low = me.named("sk_test_low_balance")
    low.use("light", 501)
    return low.get("auto-recharge/history", page=1_000)["history"]


def _ids_of_two_reads(me: Caller) -> object:
    first, second = (me.get("recent-activity")["activities"] for _ in range(2))
    return first == second


FAULTS = (
    Fault(
        "audit-total-capped",
        "state",
        "total of the audit log is never more than 100.",
        changes_body(_AUDIT, by=_cap_the_total),
        _audit_total_after_many_changes,
    ),
    Fault(
        "filtered-ledger-promises-no-more",
        "state",
        "has_more of a filtered ledger is always false.",
        changes_body(_LEDGER, by=_promise_no_more),
        lambda me: me.get("credit-transactions", reference_type="scrape", limit=1)["has_more"],
    ),
    Fault(
        "invoices-promise-no-more",
        "state",
        "has_more of the invoices is always false.",
        changes_body(_INVOICES, by=_say_that_nothing_follows),
        lambda me: me.get("invoices", limit=1)["has_more"],
    ),
    Fault(
        "history-tells-another-page-size",
        "state",
        "per_page of the recharge history is always 20.",
        changes_body(_HISTORY, by=_tell_the_default_size),
        lambda me: me.get("auto-recharge/history", per_page=7)["per_page"],
    ),
    Fault(
        "activity-ids-change-with-each-read",
        "state",
        "Recent activity has new ids each time that it is read.",
        changes_body(_ACTIVITY, by=_new_ids),
        _ids_of_two_reads,
    ),
    Fault(
        "activity-offset-counts-pages",
        "state",
        "The offset of recent activity counts pages instead of entries.",
        handles(_ACTIVITY, _skip_pages),
        lambda me: _activity_at(me, 2),
    ),
    Fault(
        "history-beyond-the-end-is-its-last-page",
        "state",
        "A page beyond the end of the recharge history is the last page again.",
        handles(_HISTORY, _repeat_the_last_page),
        _history_beyond_its_end,
    ),
    Fault(
        "audit-page-has-one-too-many",
        "state",
        "A page of the audit log has one entry more than its limit.",
        handles(_AUDIT, _one_too_many),
        lambda me: len(me.get("audit-log", limit=2)["entries"]),
    ),
)
