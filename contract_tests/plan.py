"""What a run is going to send: about how many requests, and what is most telling of them.

The numbers follow from the contract. The constants were measured on the mock, see
``tests/contract_kit/test_plan.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from contract_tests.context import Run
from contract_tests.drivers.auth import WRONG_KEYS
from contract_tests.drivers.protocol import undeclared
from contract_tests.drivers.stories import reason_against
from contract_tests.http.channel import Outgoing
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.examples import broken_bodies, example, has_example, probes
from contract_tests.openapi.resources import resources
from contract_tests.settings import Settings

WEIGHTS: Mapping[str, int] = {
    "reads": 22,
    "keys": 11,
    "boundaries": 34,
    "protocol": 4,
    "lifecycles": 12,
    "tenants": 7,
    "stories": 9,
    "machine": 5,
    "properties": 8,
}
"""The parts of a small budget."""
TELLING_FIRST = (
    "reads",
    "keys",
    "boundaries",
    "lifecycles",
    "protocol",
    "tenants",
    "stories",
)
"""The order of phases with a budget."""
OVERHEAD = 0.004
"""Seconds that the kit itself needs for a request."""
_OTHER_WEIGHT, _OTHER_PHASE = 5, 30
"""The weight and the requests of a phase that is not known here."""
_CAUTION = 1.3
"""How much more than estimated a phase may need."""
_SMALL, _LONG = 200, 300
"""The budget that is suggested for a run of more than so many seconds."""

_ACCOUNTS_OF_THE_MOCK = 9
"""Accounts with a past."""
_STORY, _STORY_PER_VIEW = 10, 2.5
_MACHINE_PER_OPERATION = 3.3
_LIST_IN_PAGES, _LIST_WHOLE = 9, 2
_STATEFUL_PER_EXAMPLE, _STATEFUL_PER_LINK = 22, 6


@dataclass(frozen=True)
class Forecast:
    """About what a run will send."""

    phases: Mapping[str, int]
    """Requests by phase."""
    settings: Settings

    @property
    def requests(self) -> int:
        """About how many requests the run sends."""
        budget = self.settings.budget
        return sum(self.phases.values()) if budget is None else min(budget, self._whole)

    def sentence(self) -> str:
        """Return how many requests the run sends, and at a limited rate how long it takes."""
        budget, rate = self.settings.budget, self.settings.per_second
        whole = f"about {rounded(self._whole)} requests"
        text = whole
        if budget is not None and budget < self._whole:
            text = f"at most {budget:,} of {whole} (--budget)"
        if rate is None:
            return text
        text = f"{text} at {rate_in_words(rate)}: {duration(self.requests / rate)}"
        if budget is None and self._whole / rate > _LONG and self._whole > _SMALL:
            text += f"; --budget {_SMALL} takes {duration(_SMALL / rate)}"
        return text + self._end(self.requests / rate)

    def after_response(self, seconds: float) -> str:
        """Return how long the run takes if all responses take as long as the first."""
        total = self.requests * (seconds + OVERHEAD)
        milliseconds = f"{max(1, round(seconds * 1000)):,} ms"
        return f"the first response took {milliseconds}: about {duration(total)}{self._end(total)}"

    def is_limited_by_rate(self, seconds: float) -> bool:
        """Return whether the rate limit leaves more time than a response takes."""
        rate = self.settings.per_second
        return rate is not None and 1 / rate > seconds + OVERHEAD

    @property
    def _whole(self) -> int:
        return sum(self.phases.values())

    def _end(self, seconds: float) -> str:
        max_time = self.settings.max_time
        is_cut = max_time is not None and max_time < seconds
        return f"; --max-time ends it after {duration(max_time or 0)}" if is_cut else ""


def forecast(run: Run, phases: Iterable[str]) -> Forecast:
    """Return about how many requests each phase will send."""
    return Forecast({name: _estimate(run, name) for name in phases}, run.settings)


def _estimate(run: Run, phase: str) -> int:
    if phase not in _ESTIMATES:
        return _OTHER_PHASE
    try:
        return round(_ESTIMATES[phase](run))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return _OTHER_PHASE  # the driver reports what is wrong with the document


def share_of(phase: str, available: int, estimates: Mapping[str, int]) -> int:
    """Return how many requests of a budget a phase may send, with what others do not need."""
    caps = {name: round(count * _CAUTION) for name, count in estimates.items()}
    return max(_by_weight(available, caps)[phase], available - sum(caps.values()) + caps[phase])


def _by_weight(available: int, caps: Mapping[str, int]) -> dict[str, int]:
    """Divide requests among phases by weight; no phase gets more than its cap."""
    shares = dict.fromkeys(caps, 0)
    unmet = [name for name, cap in caps.items() if cap]
    while available > 0 and unmet:
        total = sum(WEIGHTS.get(name, _OTHER_WEIGHT) for name in unmet)
        whole = available
        for name in unmet:
            part = max(1, whole * WEIGHTS.get(name, _OTHER_WEIGHT) // total)
            granted = min(part, available, caps[name] - shares[name])
            shares[name] += granted
            available -= granted
        unmet = [name for name in unmet if shares[name] < caps[name]]
    return shares


def in_order(names: Sequence[str]) -> list[str]:
    """Return phases in the order of a run with a budget."""
    return [name for name in TELLING_FIRST if name in names] + [
        name for name in names if name not in TELLING_FIRST
    ]


def duration(seconds: float) -> str:
    """Return a duration in words, no more exact than it is of use."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def rounded(count: int) -> str:
    """Return a number of requests, no more exact than it is of use."""
    return f"{count if count < 20 else round(count, -1):,}"


def rate_in_words(per_second: float) -> str:
    """Return a rate of requests in words."""
    return f"{per_second:g} a second" if per_second > 1 else f"{per_second * 60:g} a minute"


# ---------------------------------------------------------------------------------------- estimates


def _allowed(run: Run, *, reads: bool | None = None) -> list[Operation]:
    """Return the operations of which some request may be sent."""
    return [
        operation
        for operation in run.operations(reads=reads)
        if run.guard.reason(
            Outgoing(operation.method, operation.path, True, operation, {}, b"", "")
        )
        is None
    ]


def count_views(run: Run) -> int:
    """Return how many requests read an account."""
    reads = sum(not operation.path_names for operation in run.operations(reads=True))
    posts = run.knowledge.effects.read_only_posts if run.settings.may_write else frozenset()
    return reads + len(posts & run.selected)


def _in_parts(run: Run) -> int:
    """Return how many requests read the lists of an account in parts."""
    count = 0
    for operation in run.operations(reads=True):
        listed = run.lists.get(operation.id)
        if listed is not None:
            count += _LIST_WHOLE if listed.position is None else _LIST_IN_PAGES
            count += sum(len(values) + 1 for values in listed.filters.values())
        elif not operation.path_names:
            schemas = [
                run.contract.at(parameter.child("schema")).node
                for parameter in operation.parameters
                if parameter.node["in"] == "query" and "schema" in parameter.node
            ]
            count += 3 * sum({"minimum", "maximum"} <= schema.keys() for schema in schemas)
    return count


def _reads(run: Run) -> float:
    views, parts = count_views(run), _in_parts(run)
    others = _ACCOUNTS_OF_THE_MOCK if run.settings.mock and run.knowledge.stories else 0
    return 2 * views + parts + others * (views + parts + 1) + run.settings.mock


def _boundaries(run: Run) -> float:
    count = 0
    for operation in _allowed(run):
        if has_example(run.contract, operation, run.judge.schemas):
            count += 2 + sum(1 for _ in probes(operation, run.judge.schemas))
            count += bool(operation.path_names)
            if operation.body is not None:
                count += sum(
                    1 for _ in broken_bodies(operation, example(run.contract, operation), {})
                )
    return count


def _keys(run: Run) -> float:
    if run.contract.credential is None:
        return 0
    wrong = 0 if run.takes_any_key else len(WRONG_KEYS)
    return 1 + sum(
        2
        + wrong
        + (
            operation.body is not None
            or any(parameter.node["in"] == "query" for parameter in operation.parameters)
        )
        for operation in _allowed(run)
        if operation.secured
    )


def _protocol(run: Run) -> float:
    reads = sum(not operation.path_names for operation in run.operations(reads=True))
    return 2 * reads + min(reads, 1) + (len(undeclared(run)) if run.settings.may_do_anything else 0)


def _lifecycles(run: Run) -> float:
    if not run.settings.may_do_anything:
        return 0
    selected = (found.only(run.selected) for found in resources(run.contract))
    whole = [found for found in selected if found is not None and run.takes(found.create.id)]
    others = run.contract.credential is not None and bool(
        run.settings.mock or run.settings.other_key_env
    )
    return sum((2 + others) * len(found.operations) + len(found.parents) for found in whole)


def _tenants(run: Run) -> float:
    scope = run.knowledge.identifiers.scope_header
    scoped = sum(
        any(parameter.node["name"] == scope for parameter in operation.parameters)
        for operation in _allowed(run)
    )
    if not (run.settings.mock or run.settings.other_key_env):
        return scoped
    views, reads = count_views(run), len(run.operations(reads=True))
    writes = [operation for operation in _allowed(run, reads=False) if not operation.path_names]
    return 4 * views + 3 * reads + len(writes) * (1 + views) + scoped


def _stories(run: Run) -> float:
    hooks = run.hooks.names if run.hooks is not None else ()
    playable = [
        story
        for story in run.knowledge.stories
        if reason_against(run, story, story.needs if run.settings.mock else set(hooks)) is None
    ]
    return len(playable) * story_requests(run)


def story_requests(run: Run) -> float:
    """Return about how many requests a story sends."""
    return _STORY + _STORY_PER_VIEW * count_views(run)


def _machine(run: Run) -> float:
    if not run.settings.may_write:
        return 0
    examples = max(1, run.settings.max_examples // 2) if run.settings.mock else 3
    return examples * (2 * count_views(run) + _MACHINE_PER_OPERATION * len(_allowed(run)))


def _properties(run: Run) -> float:
    operations, examples = _allowed(run), run.settings.max_examples
    inputs = sum(
        operation.body is not None
        or any(parameter.node["in"] != "header" for parameter in operation.parameters)
        for operation in operations
    )
    fuzzing = inputs * examples + len(operations) - inputs
    links = sum(_links(run, operation) for operation in operations)
    stateful = _STATEFUL_PER_EXAMPLE * examples if links else 0
    if run.settings.may_write:
        stateful = min(stateful, _STATEFUL_PER_LINK * links)
    return 2 * len(operations) + 1.3 * _boundaries(run) + fuzzing + stateful


def _links(run: Run, operation: Operation) -> int:
    """Return how many links lead from an operation to selected ones."""
    return sum(
        run.contract.at(response.child("links", name)).node.get("operationId") in run.selected
        for response in operation.responses.values()
        for name in response.node.get("links", {})
    )


_ESTIMATES: Mapping[str, Callable[[Run], float]] = {
    "reads": _reads,
    "boundaries": _boundaries,
    "keys": _keys,
    "protocol": _protocol,
    "lifecycles": _lifecycles,
    "tenants": _tenants,
    "stories": _stories,
    "machine": _machine,
    "properties": _properties,
}
