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
    Departure,
    Profile,
    Sight,
    Spot,
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
    yield from comparison.departures()
    yield from comparison.sights()


def seen_uses(mock: Profile, staging: Profile) -> dict[str, set[str]]:
    """From where the places of the contract that were seen are referred to."""
    found: dict[str, set[str]] = defaultdict(set)
    for profile in (mock, staging):
        for sight in profile.sights.values():
            if sight.chances or sight.types:
                found[sight.use.target].add(sight.use.own)
    return found


def unseen(here: Profile, there: Profile) -> list[str]:
    """Lists of which one server showed no entry and the other did: nothing can be said of those."""
    spots = (
        spot
        for spot in there.sights
        if spot[1].startswith("/response/2") and spot[1].endswith("/*")
    )
    return [f"{name} {where}" for name, where in spots if (name, where) not in here.sights]


class _Comparison:
    def __init__(self, contract: Contract, mock: Profile, staging: Profile) -> None:
        self._contract = contract
        self._mock = mock
        self._staging = staging

    def departures(self) -> Iterator[Difference]:
        """Where one server departs from the contract and the other does not, or otherwise."""
        for key in dict.fromkeys([*self._staging.departures, *self._mock.departures]):
            spot, keyword = key
            here, there = self._mock.departures.get(key, {}), self._staging.departures.get(key, {})
            only_mock = [here[kind] for kind in here if kind not in there]
            only_staging = [there[kind] for kind in there if kind not in here]
            if only_staging:
                yield self._departure(spot, keyword, "staging", only_staging, list(here.values()))
            if only_mock:
                yield self._departure(spot, keyword, "mock", only_mock, list(there.values()))

    def sights(self) -> Iterator[Difference]:
        """Where the contract allows what both do, and still they do it differently."""
        odd = {spot for profile in (self._mock, self._staging) for spot, _ in profile.departures}
        topics = self._mock.topics(), self._staging.topics()
        for spot, here in self._mock.sights.items():
            there = self._staging.sights.get(spot)
            if there is None or spot in odd:
                continue
            if here.is_optional and self._is_of_one_only(spot, here, there, topics):
                yield self._allowed(
                    spot, "presence", here, there, "say in `required` whether it is always there"
                )
            elif _differ_in_form(here, there):
                hint = "say in `pattern` which of the two it is, so that the mock writes it too"
                yield self._allowed(spot, "form", here, there, hint)

    def _is_of_one_only(self, spot: Spot, here: Sight, there: Sight, topics: Any) -> bool:
        """Whether one server always has an optional thing and the other never, whatever the account."""
        operation = self._contract.operations[spot[0]]
        knows_many = self._mock.is_of_many or self._staging.is_of_many
        if not knows_many or not operation.is_read or not here.chances or not there.chances:
            return False
        shares = [present / chances for present, chances in (side[here.topic] for side in topics)]
        return sorted(shares) == [0.0, 1.0]

    def _departure(
        self,
        spot: Spot,
        keyword: str,
        departs: Departs,
        found: list[Departure],
        others: list[Departure],
    ) -> Difference:
        profile, other = (
            (self._staging, self._mock) if departs == "staging" else (self._mock, self._staging)
        )
        said = _said(keyword, found, profile.sights.get(spot))
        normal = _said(keyword, others, None) if others else _shown(keyword, other.sights.get(spot))
        first = found[0]
        name = spot[1].rsplit("/", 1)[1]
        return Difference(
            operation=spot[0],
            pointer=spot[1],
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
            times=sum(each.times for each in found),
        )

    def _allowed(
        self, spot: Spot, keyword: str, here: Sight, there: Sight, hint: str
    ) -> Difference:
        use: Use = there.use
        return Difference(
            operation=spot[0],
            pointer=spot[1],
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


def _differ_in_form(here: Sight, there: Sight) -> bool:
    if (
        not here.formats
        or not there.formats
        or (here.formats.keys() | there.formats.keys()) & _SAY_NOTHING
    ):
        return False
    return here.formats.keys().isdisjoint(there.formats)


def _said(keyword: str, found: list[Departure], sight: Sight | None) -> str:
    """What a server does that the contract does not allow."""
    if keyword == "required":
        return (
            f"is not there ({sum(each.times for each in found)} of {sight.chances})"
            if sight
            else "is not there"
        )
    if keyword == "json":
        return str(found[0].value)
    if keyword == "unknown_field":
        return f"is there: {_value(found[0].value)}"
    if keyword == "type":
        return ", ".join(_typed(each.value) for each in found)
    values = [each.value for each in found[:_MAX_VALUES]]
    forms = {format_class(value) for value in values if isinstance(value, str)} - {TEXT}
    known = f" ({', '.join(sorted(forms))})" if forms and keyword in ("pattern", "format") else ""
    return ", ".join(map(_value, values)) + known


def _shown(keyword: str, sight: Sight | None) -> str:
    """What a server does that the contract allows."""
    if keyword == "unknown_field":
        return "is not there"
    if sight is None or not (sight.chances or sight.types):
        return "was not seen"
    if not sight.present and not sight.types:
        return f"is never there ({sight.chances} answers)"
    if keyword in ("required", "presence"):
        return f"is there ({sight.present} of {sight.chances})"
    if sight.values:
        return ", ".join(_value(each) for each in list(sight.values)[:_MAX_VALUES])
    return ", ".join(
        f"{type} ({', '.join(sight.formats)})" if type == "string" else type for type in sight.types
    )


def _advice(keyword: str, name: str, found: list[Departure]) -> str:
    """What to do with the contract."""
    values = ", ".join(_value(each.value) for each in found[:_MAX_VALUES])
    if keyword == "required":
        return f"'{name}' is not `required`"
    if keyword == "unknown_field":
        return f"add '{name}': {json_type(found[0].value)}"
    if keyword == "enum":
        return f"add {values} to this `enum`"
    if keyword == "content":
        return f"add the media type {values}"
    if keyword == "type":
        types = [json_type(each.value) for each in found]
        return "add `nullable: true`" if types == ["null"] else f"`type` is {' or '.join(types)}"
    return f"widen `{keyword}`: {values} does not fit it"


def _typed(value: Any) -> str:
    return "null" if value is None else f"{json_type(value)}, such as {_value(value)}"


def _value(value: Any) -> str:
    return printable(shortened(json.dumps(value, ensure_ascii=False, default=str), 100))
