"""Read everything that an account shows, so that its views can be compared."""

from __future__ import annotations

from collections.abc import Mapping

from contract_tests.context import Run
from contract_tests.http.client import Caller
from contract_tests.openapi.contract import Operation

LISTS = (
    "list_credit_transactions",
    "list_audit_log",
    "list_recent_activity",
    "list_auto_recharge_history",
)
_FILTERS = (
    "deposit",
    "auto_recharge",
    "promo",
    "signup",
    "scrape",
    "crawl",
    "refund",
    "subscription",
    "no_such_type",
)


def read_account(run: Run, caller: Caller, *, thoroughly: bool = False) -> None:
    """Read every view of an account once; ``thoroughly``: lists in small pages and by every filter, too."""
    for operation in run.operations(reads=True):
        if operation.path_names:
            continue
        if operation.id in LISTS:
            for _ in caller.pages(operation.id):
                pass
        elif operation.id == "list_invoices":
            caller.call(operation.id, query={"limit": 100})
        else:
            caller.call(operation.id)
    if run.settings.may_write and run.takes("check_auto_recharge"):
        caller.call("check_auto_recharge")
    if thoroughly:
        _small_pages(run, caller)


def _small_pages(run: Run, caller: Caller) -> None:
    for operation_id in LISTS:
        if run.takes(operation_id):
            total = caller.call(operation_id).object.get("total", 0)
            size = min(100, max(1, total // 3)) if isinstance(total, int) else 20
            for _ in caller.pages(operation_id, size=size, at_most=4):
                pass
            _ends(caller, operation_id, total if isinstance(total, int) else 0)
    if run.takes("list_credit_transactions"):
        for name in _FILTERS:
            query = {"reference_type": name, "limit": 100}
            total = caller.call("list_credit_transactions", query=query).object.get("total")
            if isinstance(total, int) and total > 1:
                half = {"reference_type": name, "limit": min(100, (total + 1) // 2)}
                caller.call("list_credit_transactions", query=half)
                caller.call("list_credit_transactions", query={**half, "offset": half["limit"]})
    if run.takes("list_invoices"):
        for limit in (1, 2):
            caller.call("list_invoices", query={"limit": limit})
    if run.takes("get_usage_chart"):
        for days in (1, 7, 90):
            caller.call("get_usage_chart", query={"days": days})


def _ends(caller: Caller, operation_id: str, total: int) -> None:
    """The last page, exactly full, one short of it, and beyond the end."""
    if operation_id == "list_auto_recharge_history":
        for page, size in (
            (1, min(100, max(1, total))),
            (2, min(100, max(1, total))),
            (max(1, total), 1),
        ):
            caller.call(operation_id, query={"page": page, "per_page": size})
        return
    for offset in {max(0, total - 1), max(0, total - 2), total, total + 5}:
        caller.call(operation_id, query={"limit": 2, "offset": offset})
    caller.call(operation_id, query={"limit": 1, "offset": 1})


def read_organization(run: Run, caller: Caller, organization: str) -> None:
    """Read the views of an organization."""
    headers = {"X-Organization-Id": organization}
    for operation in run.operations(reads=True):
        if any(each.node["name"] == "X-Organization-Id" for each in operation.parameters):
            caller.call(operation.id, headers=headers)


def path_values(caller: Caller, operation: Operation) -> Mapping[str, str]:
    """Real values for the path's parameters, as far as the account has any."""
    if not operation.path_names:
        return {}
    listed = caller.call("list_payment_methods").object.get("payment_methods") or []
    name = str(listed[0]["id"]) if listed else "00000000-0000-4000-8000-000000000000"
    return dict.fromkeys(operation.path_names, name)
