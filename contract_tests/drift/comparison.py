"""What two servers showed of themselves, held against each other.

What only one of them shows, and the contract does not allow, is a difference. What the contract allows is an account's
own business, unless one server always does it, the other never, and no account of the mock is like that.
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

_SAY_NOTHING = frozenset({TEXT, "empty text", "number in quotes"})
_MAX_VALUES = 6
PUT_THE_MOCK_RIGHT = "nothing: the mock departs from it, and is to be put right"


def differences(contract: Contract, mock: Profile, staging: Profile) -> Iterator[Difference]:
    """All differences of two profiles."""
    comparison = _Comparison(contract, mock, staging)
    yield from comparison.deviations()
    yield from comparison.observations()


def seen_uses(mock: Profile, staging: Profile) -> dict[str, set[str]]:
    """From where the places of the contract that were seen are referred to."""
    found: dict[str, set[str]] = defaultdict(set)
    for profile in (mock, staging):
        for observation in profile.observations.values():
            if observation.chances or observation.types:
                found[observation.use.target].add(observation.use.own)
    return found


def unseen(here: Profile, there: Profile) -> list[str]:
    """Lists of which one server showed no entry and the other did: nothing can be said of those."""
    spots = (
        location
        for location in there.observations
        if location[1].startswith("/response/2") and location[1].endswith("/*")
    )
    return [f"{name} {where}" for name, where in spots if (name, where) not in here.observations]


class _Comparison:
    def __init__(self, contract: Contract, mock: Profile, staging: Profile) -> None:
        self._contract = contract
        self._mock = mock
        self._staging = staging

    def deviations(self) -> Iterator[Difference]:
        """Where one server departs from the contract and the other does not, or otherwise."""
        for key in dict.fromkeys([*self._staging.deviations, *self._mock.deviations]):
            location, keyword = key
            here, there = self._mock.deviations.get(key, {}), self._staging.deviations.get(key, {})
            only_mock = [here[kind] for kind in here if kind not in there]
            only_staging = [there[kind] for kind in there if kind not in here]
            if only_staging:
                yield self._departure(
                    location, keyword, "staging", only_staging, list(here.values())
                )
            if only_mock:
                yield self._departure(location, keyword, "mock", only_mock, list(there.values()))

    def observations(self) -> Iterator[Difference]:
        """Where the contract allows what both do, and still they do it differently."""
        odd = {
            location
            for profile in (self._mock, self._staging)
            for location, _ in profile.deviations
        }
        topics = self._mock.topics(), self._staging.topics()
        for location, here in self._mock.observations.items():
            there = self._staging.observations.get(location)
            if there is None or location in odd:
                continue
            if here.is_optional and self._is_of_one_only(location, here, there, topics):
                yield self._allowed(
                    location,
                    "presence",
                    here,
                    there,
                    "say in `required` whether it is always there",
                )
            elif _differ_in_form(here, there):
                hint = "say in `pattern` which of the two it is, so that the mock writes it too"
                yield self._allowed(location, "form", here, there, hint)

    def _is_of_one_only(
        self, location: Location, here: Observation, there: Observation, topics: Any
    ) -> bool:
        """Whether one server always has an optional thing and the other never, whatever the account."""
        operation = self._contract.operations[location[0]]
        knows_many = self._mock.is_of_many or self._staging.is_of_many
        if not knows_many or not operation.is_read or not here.chances or not there.chances:
            return False
        shares = [present / chances for present, chances in (side[here.topic] for side in topics)]
        return sorted(shares) == [0.0, 1.0]

    def _departure(
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
        said = _said(keyword, found, profile.observations.get(location))
        normal = (
            _said(keyword, others, None)
            if others
            else _shown(keyword, other.observations.get(location))
        )
        first = found[0]
        name = location[1].rsplit("/", 1)[1]
        return Difference(
            operation=location[0],
            pointer=location[1],
            keyword=keyword,
            mock=normal if departs == "staging" else said,
            staging=said if departs == "staging" else normal,
            departs=departs,
            use=first.use,
            spec=first.spec,
            suggestion=_advice(keyword, name, found)
            if departs == "staging"
            else PUT_THE_MOCK_RIGHT,
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
            mock=_shown(keyword, here),
            staging=_shown(keyword, there),
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
        or (here.formats.keys() | there.formats.keys()) & _SAY_NOTHING
    ):
        return False
    return here.formats.keys().isdisjoint(there.formats)


def _said(keyword: str, found: list[Deviation], observation: Observation | None) -> str:
    """What a server does that the contract does not allow."""
    if keyword == "required":
        return (
            f"is not there ({sum(deviation.times for deviation in found)} of {observation.chances})"
            if observation
            else "is not there"
        )
    if keyword == "json":
        return str(found[0].value)
    if keyword == "unknown_field":
        return f"is there: {_value(found[0].value)}"
    if keyword == "type":
        return ", ".join(_typed(deviation.value) for deviation in found)
    values = [deviation.value for deviation in found[:_MAX_VALUES]]
    forms = {format_class(value) for value in values if isinstance(value, str)} - {TEXT}
    known = f" ({', '.join(sorted(forms))})" if forms and keyword in ("pattern", "format") else ""
    return ", ".join(map(_value, values)) + known


def _shown(keyword: str, observation: Observation | None) -> str:
    """What a server does that the contract allows."""
    if keyword == "unknown_field":
        return "is not there"
    if observation is None or not (observation.chances or observation.types):
        return "was not seen"
    if not observation.present and not observation.types:
        return f"is never there ({observation.chances} answers)"
    if keyword in ("required", "presence"):
        return f"is there ({observation.present} of {observation.chances})"
    if observation.values:
        return ", ".join(_value(value) for value in list(observation.values)[:_MAX_VALUES])
    return ", ".join(
        f"{type} ({', '.join(observation.formats)})" if type == "string" else type
        for type in observation.types
    )


def _advice(keyword: str, name: str, found: list[Deviation]) -> str:
    """What to do with the contract."""
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
    return f"widen `{keyword}`: {values} does not fit it"


def _typed(value: Any) -> str:
    return "null" if value is None else f"{json_type(value)}, such as {_value(value)}"


def _value(value: Any) -> str:
    return printable(shortened(json.dumps(value, ensure_ascii=False, default=str), 100))
