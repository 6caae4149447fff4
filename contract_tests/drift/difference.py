"""A difference between the two servers, in words, with the place of the contract that would have to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
    """One thing that one server does otherwise than the other."""

    operation: str
    pointer: str
    """The place in the exchange: ``/response/200/body/transactions/*/type``."""
    keyword: str
    """The schema's keyword that decides it, or ``status``, ``presence``, ``form``, ``problem``."""
    mock: str
    """What the mock does."""
    staging: str
    departs: Departs
    """Whose answer the contract does not allow."""
    use: Use
    spec: str
    """JSON pointer: the place of the contract that would have to change."""
    suggestion: str
    exchange: Exchange
    """One that shows it, of the server that departs."""
    times: int = 1
    provenance: Provenance = "assumed"
    """Of the rule that does not hold, which may stand in a component that the place refers to."""

    @property
    def key(self) -> tuple[str, ...]:
        return self.operation, self.pointer, self.keyword, self.departs, self.mock, self.staging


def placed(
    contract: Contract, found: Iterable[Difference], seen: Mapping[str, set[str]]
) -> list[Difference]:
    """Each once, with the place that has to change, what is documented first.

    A component that several places refer to is to change if all of them differ that were seen. If only some do, it is
    they that must not refer to it any more.
    """
    once: dict[tuple[str, ...], Difference] = {}
    for difference in found:
        before = once.get(difference.key)
        once[difference.key] = (
            replace(before, times=before.times + difference.times) if before else difference
        )
    differences = list(once.values())
    owns: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for difference in differences:
        owns[_cause(difference)].add(difference.use.own)
    settled = [
        _settled(
            difference, contract, owns[_cause(difference)], seen.get(difference.use.target, set())
        )
        for difference in differences
    ]
    return sorted(settled, key=lambda difference: _rank(difference, list(contract.operations)))


def _cause(difference: Difference) -> tuple[str, str, str]:
    return difference.spec, difference.keyword, difference.departs


def _settled(
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
        suggestion = f"{suggestion}; only here, so not in {use.target.rsplit('/', 1)[1]}, which other places refer to"
    grade = contract.provenance(difference.spec)
    return replace(difference, spec=spec, suggestion=suggestion, provenance=grade)


def _references(node: object, target: str) -> int:
    """How often a document refers to a place."""
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
