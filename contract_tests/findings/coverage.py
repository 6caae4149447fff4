"""Coverage of the contract: operations, statuses, and every constraint valid and invalid."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.openapi.contract import ACCEPTED, Contract, Operation
from contract_tests.openapi.request import RequestJudgement, constraints


@dataclass
class OperationCoverage:
    """What was seen of one operation."""

    operation: Operation
    constraints: dict[str, dict[str, str]]
    """Keywords by place, with where they stand in the contract."""
    statuses: dict[int, int] = field(default_factory=dict)
    """How often each status came."""
    seconds: float = 0.0
    """The time that its requests took."""
    valid: set[tuple[str, str]] = field(default_factory=set)
    """Constraints that a request satisfied, by place and keyword."""
    invalid: set[tuple[str, str]] = field(default_factory=set)
    """Constraints that a request broke."""
    why: dict[str, str] = field(default_factory=dict)
    """Why something was not tried."""

    @property
    def all_constraints(self) -> list[tuple[str, str]]:
        return [
            (where, keyword) for where, keywords in self.constraints.items() for keyword in keywords
        ]

    @property
    def missing_statuses(self) -> list[int]:
        return [
            status
            for status, place in self.operation.responses.items()
            if status not in self.statuses and not place.node.get(ACCEPTED)
        ]


class Coverage:
    """Counts exchanges against the contract."""

    def __init__(self, contract: Contract, selected: set[str] | None = None) -> None:
        self.operations = {
            operation.id: OperationCoverage(operation, constraints(contract, operation))
            for operation in contract.operations.values()
            if selected is None or operation.id in selected
        }
        self._contract = contract
        self.exchanges = 0

    def note(self, exchange: Exchange, request: RequestJudgement | None) -> None:
        """Count one exchange."""
        self.exchanges += 1
        matched = self._contract.match(exchange.method, exchange.path)
        if (
            matched is None
            or request is None
            or matched[0].id not in self.operations
            or not exchange.status
        ):
            return
        seen = self.operations[matched[0].id]
        if exchange.method == seen.operation.method:
            seen.statuses[exchange.status] = seen.statuses.get(exchange.status, 0) + 1
            seen.seconds += exchange.seconds
        if seen.operation.secured and exchange.account in (ANYBODY, UNKNOWN_KEY):
            return  # refused before the request is checked
        broken = {(breach.where, breach.keyword) for breach in request.breaches}
        seen.invalid |= broken & set(seen.all_constraints)
        if not request.breaches:
            for where, keywords in seen.constraints.items():
                if where in request.given:
                    seen.valid |= {(where, keyword) for keyword in keywords}

    def explain(self, operation_id: str, what: str, why: str) -> None:
        """Note why something of an operation could not be tried."""
        if operation_id in self.operations:
            self.operations[operation_id].why.setdefault(what, why)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Return how much was reached, of how much, by what is counted."""
        all = list(self.operations.values())
        bound = [(covered, one) for covered in all for one in covered.all_constraints]
        return {
            "operations": (sum(1 for covered in all if covered.statuses), len(all)),
            "statuses": (
                sum(
                    1
                    for covered in all
                    for status in covered.operation.responses
                    if status in covered.statuses
                ),
                sum(len(covered.operation.responses) for covered in all),
            ),
            "constraints tried valid": (
                sum(1 for covered, one in bound if one in covered.valid),
                len(bound),
            ),
            "constraints tried invalid": (
                sum(1 for covered, one in bound if one in covered.invalid),
                len(bound),
            ),
        }
