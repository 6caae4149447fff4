"""Renders clocks, snapshots, recorded requests and faults for the control API."""

from typing import Any

import msgspec

from mockserver.engine.redaction import Redactor
from mockserver.engine.render import timestamp
from mockserver.engine.world import Exchange, Snapshot, World
from mockserver.faults.registry import Fault
from mockserver.faults.rule import Rule
from mockserver.faults.sets import FaultSet

Json = dict[str, Any]


def clock(world: World[Any]) -> Json:
    return {"now": timestamp(world.clock.now()), "frozen": world.clock.frozen}


def account(world: World[Any], key: str) -> Json:
    return {
        "id": world.state.account_id(key),
        "name": world.redactor.show(key) if key else "all callers",
        "label": world.labels.get(key),
    }


def snapshot(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "created_at": timestamp(snapshot.created_at),
        "frozen": snapshot.clock.frozen,
        "accounts": snapshot.accounts,
    }


def exchange(exchange: Exchange, redactor: Redactor) -> Json:
    return {
        "at": timestamp(exchange.at),
        "account_id": exchange.account_id,
        "operation_id": exchange.operation_id,
        "method": exchange.method,
        "path": redactor.path(exchange.path),
        "query": redactor.query(exchange.query),
        "status": exchange.status,
        "request_body": redactor.body(exchange.request_body),
        "response_body": redactor.body(exchange.response_body),
        "fault": exchange.fault and redactor.text(exchange.fault),
        "warnings": [redactor.text(warning) for warning in exchange.warnings],
    }


def fault(fault: Fault, redactor: Redactor) -> Json:
    return {
        "id": fault.id,
        **_rule(fault.rule, redactor),
        "account": redactor.show(fault.key) if fault.key else None,
        "set": fault.set,
        "seen": fault.seen,
        "applied": fault.applied,
        "remaining": fault.remaining,
    }


def fault_set(name: str, fault_set: FaultSet, redactor: Redactor) -> Json:
    return {
        "name": name,
        "title": fault_set.title,
        "about": fault_set.about.strip(),
        "rules": [_rule(rule, redactor) for rule in fault_set.rules],
    }


def _rule(rule: Rule, redactor: Redactor) -> Json:
    latency = msgspec.to_builtins(rule.latency) if rule.latency else None
    return {
        "name": redactor.text(rule.label),
        "operations": rule.operations,
        "next": rule.next,
        "share": rule.share,
        "status": rule.status,
        "detail": rule.detail,
        "headers": rule.headers,
        "retry_after_seconds": rule.retry_after_seconds,
        "connection": rule.connection,
        "latency": latency
        and {name: value for name, value in latency.items() if value is not None},
    }
