"""Lists: pages, totals, order and filters."""

from __future__ import annotations

from typing import Any

from mockserver.billing.api.call import Call
from mockserver.billing.ledger import Entry, Ledger
from mockserver.engine import pagination
from mockserver.engine.pages import Page, newest_first
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, wraps
from tests.mutants.wire import Request, changes_body, changes_request

Json = Any

_LEDGER = ("list_credit_transactions",)
_DEFAULT_LIMIT = "20"
_KEPT_ENTRIES = 100


def _more_if_full(body: Json, request: Request) -> None:
    body["has_more"] = len(body["transactions"]) == int(request.query.get("limit", _DEFAULT_LIMIT))


def _count_the_page(body: Json, _: Request) -> None:
    body["total"] = len(body["activities"])


def _never_more(body: Json, request: Request) -> None:
    if "offset" in request.query:
        body["has_more"] = False


def _shift_offset(by: int, request: Request) -> None:
    offset = request.query.get("offset", "0")
    if offset.isdigit() and int(offset) > 0:
        request.query["offset"] = str(int(offset) + by)


def _count_pages_from_zero(_: Original, call: Call, items: Any) -> Page[Any]:
    size = call.params["per_page"]
    return newest_first(items, limit=size, offset=call.params["page"] * size)


def _oldest_first_if_filtered(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    page: Page[Entry] = original(self, **query)
    return (
        page
        if query["reference_type"] is None
        else Page(page.items[::-1], page.total, page.has_more)
    )


def _sort_equal_times_by_id(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    if query["reference_type"] is not None:
        return _as_page(original(self, **query))
    entries = sorted(self.entries, key=lambda entry: (entry.created_at, entry.id))
    return newest_first(entries, limit=query["limit"], offset=query["offset"])


def _filter_the_page(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    wanted = query["reference_type"]
    page = _as_page(original(self, **{**query, "reference_type": None}))
    items = [entry for entry in page.items if wanted in (None, entry.reference_type)]
    return Page(items, page.total, page.has_more)


def _filter_by_type(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    wanted = query["reference_type"]
    if wanted is None:
        return _as_page(original(self, **query))
    entries = [entry for entry in self.entries if entry.type == wanted]
    return newest_first(entries, limit=query["limit"], offset=query["offset"])


def _total_of_all(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    page = _as_page(original(self, **query))
    return Page(page.items, len(self.entries), page.has_more)


def _end_at_a_hundred(original: Original, self: Ledger, **query: Any) -> Page[Entry]:
    page = _as_page(original(self, **query))
    left = max(0, _KEPT_ENTRIES - query["offset"])
    return Page(page.items[:left], page.total, page.has_more and query["limit"] < left)


def _as_page(page: Any) -> Page[Entry]:
    assert isinstance(page, Page)
    return page


def _two_pages(me: Caller, path: str, name: str, size: int) -> object:
    """Return whether two pages equal one page of twice the size."""
    both = me.get(path, limit=2 * size)[name]
    return me.get(path, limit=size)[name] + me.get(path, limit=size, offset=size)[name] == both


def _first_page_of_history(me: Caller) -> object:
    low = me.named("sk_test_low_balance")
    low.use("light", 501)
    return len(low.get("auto-recharge/history", page=1, per_page=1)["history"])


def _charges_of_one_moment(me: Caller) -> object:
    for requests in range(1, 6):
        me.use("light", requests)
    return [
        entry["description"] for entry in me.get("credit-transactions", limit=5)["transactions"]
    ]


def _filtered(me: Caller, **query: Any) -> Any:
    return me.get("credit-transactions", reference_type="promo", **query)


FAULTS = (
    Fault(
        "more-promised-after-a-full-last-page",
        "state",
        "The ledger's has_more is true whenever the page is full, even if it is the last.",
        changes_body(*_LEDGER, by=_more_if_full),
        lambda me: me.named("sk_test_new").get("credit-transactions", limit=1)["has_more"],
    ),
    Fault(
        "activity-total-counts-the-page",
        "state",
        "total of recent activity counts the entries of the page.",
        changes_body("list_recent_activity", by=_count_the_page),
        lambda me: me.get("recent-activity", limit=1)["total"],
    ),
    Fault(
        "audit-log-ends-on-page-two",
        "state",
        "The audit log says from the second page on that nothing follows.",
        changes_body("list_audit_log", by=_never_more),
        lambda me: me.get("audit-log", limit=1, offset=1)["has_more"],
    ),
    Fault(
        "later-pages-of-the-audit-log-repeat-an-entry",
        "state",
        "Every page of the audit log but the first begins with the last entry of the page before.",
        changes_request("list_audit_log", by=lambda request: _shift_offset(-1, request)),
        lambda me: _two_pages(me, "audit-log", "entries", 3),
    ),
    Fault(
        "ledger-loses-an-entry-between-pages",
        "state",
        "One entry of the ledger is missing between the first page and the next.",
        changes_request(*_LEDGER, by=lambda request: _shift_offset(1, request)),
        lambda me: _two_pages(me, "credit-transactions", "transactions", 20),
    ),
    Fault(
        "history-pages-count-from-zero",
        "state",
        "Page 1 of the recharge history is the second page.",
        wraps(pagination, "by_number", _count_pages_from_zero, on=("list_auto_recharge_history",)),
        _first_page_of_history,
    ),
    Fault(
        "filtered-ledger-oldest-first",
        "state",
        "A page of the ledger that is filtered has its oldest entry first.",
        wraps(Ledger, "page", _oldest_first_if_filtered, on=_LEDGER),
        lambda me: me.get("credit-transactions", reference_type="scrape", limit=5)["transactions"][
            0
        ]["id"],
    ),
    Fault(
        "entries-of-one-moment-in-any-order",
        "state",
        "Ledger entries with the same timestamp do not keep the order of writing.",
        wraps(Ledger, "page", _sort_equal_times_by_id, on=_LEDGER),
        _charges_of_one_moment,
    ),
    Fault(
        "ledger-filtered-after-paging",
        "state",
        "The ledger's filter is applied to the page, so that pages are too short and total "
        "counts everything.",
        wraps(Ledger, "page", _filter_the_page, on=_LEDGER),
        lambda me: len(_filtered(me, limit=5)["transactions"]),
    ),
    Fault(
        "ledger-filtered-by-another-field",
        "state",
        "The filter reference_type of the ledger looks at type instead.",
        wraps(Ledger, "page", _filter_by_type, on=_LEDGER),
        lambda me: len(_filtered(me)["transactions"]),
    ),
    Fault(
        "filtered-total-counts-everything",
        "state",
        "total of a filtered ledger counts the entries that do not match too.",
        wraps(Ledger, "page", _total_of_all, on=_LEDGER),
        lambda me: _filtered(me)["total"],
    ),
    Fault(
        "ledger-ends-at-a-hundred",
        "state",
        "Of the ledger only the newest 100 entries can be paged to, although total counts all.",
        wraps(Ledger, "page", _end_at_a_hundred, on=_LEDGER),
        lambda me: len(me.get("credit-transactions", offset=100)["transactions"]),
    ),
    Fault(
        "invoice-limit-ignored",
        "state",
        "Invoices come ten at a time, whatever limit is asked for.",
        changes_request("list_invoices", by=lambda request: request.query.pop("limit", None)),
        lambda me: len(me.get("invoices", limit=1)["invoices"]),
    ),
    Fault(
        "invoices-oldest-first",
        "state",
        "A page of invoices has its oldest first.",
        changes_body("list_invoices", by=lambda body, _: body["invoices"].reverse()),
        lambda me: [invoice["number"] for invoice in me.get("invoices")["invoices"]],
    ),
)
