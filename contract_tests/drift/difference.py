"""A difference between the two servers, with the place of the contract to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from contract_tests.drift.profile import Use
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract, Provenance

Name = Literal["mock", "staging"]
Departs = Literal["mock", "staging", "neither"]

_GRADES: tuple[Provenance, ...] = ("documented", "observed", "assumed")


@dataclass(frozen=True)
class Difference:
    """A difference in the behaviour of the two servers."""

    operation: str
    pointer: str
    """JSON pointer into the exchange: ``/response/200/body/transactions/*/type``."""
    keyword: str
    """The schema keyword concerned, or ``status``, ``presence``, ``form`` or ``problem``."""
    mock: str
    """The behaviour of the mock, in words."""
    staging: str
    """The behaviour of the real API, in words."""
    departs: Departs
    """The server whose response violates the contract."""
    use: Use
    spec: str
    """JSON pointer to the place of the contract to change."""
    suggestion: str
    """How to change it."""
    exchange: Exchange
    """An exchange that shows it, with the server that departs."""
    times: int = 1
    provenance: Provenance = "assumed"
    """The provenance of the violated rule, which may be in a referenced component."""

    @property
    def key(self) -> tuple[str, ...]:
        return self.operation, self.pointer, self.keyword, self.departs, self.mock, self.staging

    @property
    def spot(self) -> tuple[str, ...]:
        """What differs, whichever server departs from the contract."""
        return self.operation, self.pointer, self.keyword, self.mock, self.staging


def placed(
    contract: Contract, found: Sequence[Difference], seen: Mapping[str, set[str]]
) -> list[Difference]:
    """Return the differences without duplicates, documented ones first, with the place to change.

    A difference about which the contract is unclear is left out where a clear one says the same.
    A shared component must change if all observed references to it differ. If only some do, those
    references must change.
    """
    unique: dict[tuple[str, ...], Difference] = {}
    for difference in found:
        before = unique.get(difference.key)
        unique[difference.key] = (
            replace(before, times=before.times + difference.times) if before else difference
        )
    settled = {difference.spot for difference in found if difference.departs != "neither"}
    differences = [
        difference
        for difference in unique.values()
        if difference.departs != "neither" or difference.spot not in settled
    ]
    owns: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for difference in differences:
        owns[_cause(difference)].add(difference.use.own)
    resolved = [
        _resolved(
            difference, contract, owns[_cause(difference)], seen.get(difference.use.target, set())
        )
        for difference in differences
    ]
    return sorted(resolved, key=lambda difference: _rank(difference, list(contract.operations)))


def _cause(difference: Difference) -> tuple[str, str, str]:
    return difference.spec, difference.keyword, difference.departs


def _resolved(
    difference: Difference, contract: Contract, owns: set[str], seen: set[str]
) -> Difference:
    use = difference.use
    is_shared = use.own != use.target
    is_everywhere = owns >= seen and (
        len(owns) > 1 or _references(contract.document, use.target) <= 1
    )
    spec = use.own if is_shared and not is_everywhere else difference.spec
    suggestion = difference.suggestion
    if spec != difference.spec and difference.departs == "staging":
        component = use.target.rsplit("/", 1)[1]
        suggestion = f"{suggestion}; only here, as other references to {component} do not differ"
    grade = contract.provenance(difference.spec)
    return replace(difference, spec=spec, suggestion=suggestion, provenance=grade)


def _references(node: object, target: str) -> int:
    """Count the references of a document to a place."""
    if isinstance(node, Mapping):
        return (node.get("$ref") == target) + sum(
            _references(child, target) for child in node.values()
        )
    if isinstance(node, Sequence) and not isinstance(node, str):
        return sum(_references(child, target) for child in node)
    return 0


def _rank(difference: Difference, order: list[str]) -> tuple[int, int, str, str]:
    grade = _GRADES.index(difference.provenance)
    return grade, order.index(difference.operation), difference.spec, difference.pointer
