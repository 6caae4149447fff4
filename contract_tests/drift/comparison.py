"""Compares the profiles of two servers.

A deviation from the contract by only one of them is a difference. Variation within the contract is
a difference only if one server always shows it, the other never, whatever account is read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from contract_tests.drift.difference import Departs, Difference
from contract_tests.drift.profile import (
    TEXT,
    Deviation,
    Location,
    Observation,
    Profile,
    Use,
    format_class,
    json_type,
)
from contract_tests.openapi.contract import Contract
from contract_tests.text import printable, shortened

_UNSPECIFIC = frozenset({TEXT, "empty text", "number in quotes"})
_MAX_VALUES = 6
FIX_THE_MOCK = "nothing: the mock violates the contract and must be fixed"


def differences(contract: Contract, mock: Profile, staging: Profile) -> Iterator[Difference]:
    """Yield all differences of two profiles."""
    comparison = _Comparison(contract, mock, staging)
    yield from comparison.deviations()
    yield from comparison.observations()


def seen_uses(mock: Profile, staging: Profile) -> dict[str, set[str]]:
    """Return, for every observed target in the contract, the places that refer to it."""
    found: dict[str, set[str]] = defaultdict(set)
    for profile in (mock, staging):
        for observation in profile.observations.values():
            if observation.chances or observation.types:
                found[observation.use.target].add(observation.use.own)
    return found


def unseen(here: Profile, there: Profile) -> list[str]:
    """Return the lists with entries on one server only, which cannot be compared."""
    locations = (
        location
        for location in there.observations
        if location[1].startswith("/response/2") and location[1].endswith("/*")
    )
    return [
        f"{name} {where}" for name, where in locations if (name, where) not in here.observations
    ]


class _Comparison:
    def __init__(self, contract: Contract, mock: Profile, staging: Profile) -> None:
        self._contract = contract
        self._mock = mock
        self._staging = staging

    def deviations(self) -> Iterator[Difference]:
        """Yield deviations from the contract that the servers do not share."""
        for key in dict.fromkeys([*self._staging.deviations, *self._mock.deviations]):
            location, keyword = key
            here, there = self._mock.deviations.get(key, {}), self._staging.deviations.get(key, {})
            only_mock = [here[kind] for kind in here if kind not in there]
            only_staging = [there[kind] for kind in there if kind not in here]
            if only_staging:
                yield self._deviation(
                    location, keyword, "staging", only_staging, list(here.values())
                )
            if only_mock:
                yield self._deviation(location, keyword, "mock", only_mock, list(there.values()))

    def observations(self) -> Iterator[Difference]:
        """Yield differences within what the contract allows."""
        deviating = {
            location
            for profile in (self._mock, self._staging)
            for location, _ in profile.deviations
        }
        topics = self._mock.topics(), self._staging.topics()
        for location, here in self._mock.observations.items():
            there = self._staging.observations.get(location)
            if there is None or location in deviating:
                continue
            if here.is_optional and self._is_exclusive(location, here, there, topics):
                yield self._allowed(
                    location,
                    "presence",
                    here,
                    there,
                    "declare in `required` whether it is always present",
                )
            elif _differ_in_form(here, there):
                hint = "declare in `pattern` which of the two is right, so that the mock uses it"
                yield self._allowed(location, "form", here, there, hint)

    def _is_exclusive(
        self, location: Location, here: Observation, there: Observation, topics: Any
    ) -> bool:
        """Return whether one server always has an optional part and the other never."""
        operation = self._contract.operations[location[0]]
        has_many = self._mock.is_of_many or self._staging.is_of_many
        if not has_many or not operation.is_read or not here.chances or not there.chances:
            return False
        shares = [present / chances for present, chances in (side[here.topic] for side in topics)]
        return sorted(shares) == [0.0, 1.0]

    def _deviation(
        self,
        location: Location,
        keyword: str,
        departs: Departs,
        found: list[Deviation],
        others: list[Deviation],
    ) -> Difference:
        profile, other = (
            (self._staging, self._mock) if departs == "staging" else (self._mock, self._staging)
        )
        deviating = _deviating(keyword, found, profile.observations.get(location))
        normal = (
            _deviating(keyword, others, None)
            if others
            else _conforming(keyword, other.observations.get(location))
        )
        first = found[0]
        name = location[1].rsplit("/", 1)[1]
        return Difference(
            operation=location[0],
            pointer=location[1],
            keyword=keyword,
            mock=normal if departs == "staging" else deviating,
            staging=deviating if departs == "staging" else normal,
            departs=departs,
            use=first.use,
            spec=first.spec,
            suggestion=_advice(keyword, name, found) if departs == "staging" else FIX_THE_MOCK,
            exchange=first.exchange,
            times=sum(deviation.times for deviation in found),
        )

    def _allowed(
        self, location: Location, keyword: str, here: Observation, there: Observation, hint: str
    ) -> Difference:
        use: Use = there.use
        return Difference(
            operation=location[0],
            pointer=location[1],
            keyword=keyword,
            mock=_conforming(keyword, here),
            staging=_conforming(keyword, there),
            departs="neither",
            use=use,
            spec=use.target,
            suggestion=hint,
            exchange=there.exchange,
            times=there.present or there.chances,
        )


def _differ_in_form(here: Observation, there: Observation) -> bool:
    if (
        not here.formats
        or not there.formats
        or (here.formats.keys() | there.formats.keys()) & _UNSPECIFIC
    ):
        return False
    return here.formats.keys().isdisjoint(there.formats)


def _deviating(keyword: str, found: list[Deviation], observation: Observation | None) -> str:
    """Describe behaviour that the contract does not allow."""
    if keyword == "required":
        return (
            f"is missing ({sum(deviation.times for deviation in found)} of {observation.chances})"
            if observation
            else "is missing"
        )
    if keyword == "json":
        return str(found[0].value)
    if keyword == "unknown_field":
        return f"is present: {_value(found[0].value)}"
    if keyword == "type":
        return ", ".join(_typed(deviation.value) for deviation in found)
    values = [deviation.value for deviation in found[:_MAX_VALUES]]
    forms = {format_class(value) for value in values if isinstance(value, str)} - {TEXT}
    known = f" ({', '.join(sorted(forms))})" if forms and keyword in ("pattern", "format") else ""
    return ", ".join(map(_value, values)) + known


def _conforming(keyword: str, observation: Observation | None) -> str:
    """Describe behaviour that the contract allows."""
    if keyword == "unknown_field":
        return "is missing"
    if observation is None or not (observation.chances or observation.types):
        return "was not observed"
    if not observation.present and not observation.types:
        return f"is always missing ({observation.chances} responses)"
    if keyword in ("required", "presence"):
        return f"is present ({observation.present} of {observation.chances})"
    if observation.values:
        return ", ".join(_value(value) for value in list(observation.values)[:_MAX_VALUES])
    return ", ".join(
        f"{type} ({', '.join(observation.formats)})" if type == "string" else type
        for type in observation.types
    )


def _advice(keyword: str, name: str, found: list[Deviation]) -> str:
    """Return the change to make to the contract."""
    values = ", ".join(_value(deviation.value) for deviation in found[:_MAX_VALUES])
    if keyword == "required":
        return f"'{name}' is not `required`"
    if keyword == "unknown_field":
        return f"add '{name}': {json_type(found[0].value)}"
    if keyword == "enum":
        return f"add {values} to this `enum`"
    if keyword == "content":
        return f"add the media type {values}"
    if keyword == "type":
        types = [json_type(deviation.value) for deviation in found]
        return "add `nullable: true`" if types == ["null"] else f"`type` is {' or '.join(types)}"
    return f"widen `{keyword}`: it does not allow {values}"


def _typed(value: Any) -> str:
    return "null" if value is None else f"{json_type(value)}, such as {_value(value)}"


def _value(value: Any) -> str:
    return printable(shortened(json.dumps(value, ensure_ascii=False, default=str), 100))
