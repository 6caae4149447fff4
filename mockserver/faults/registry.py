"""The rules that are on now, and which of them a request falls under."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.faults.latency import MAX_MS
from mockserver.faults.rule import Rule
from mockserver.faults.seeded_random import Draw, draw
from mockserver.faults.sets import FaultSet

MAX_RULES = 100
_MAX_COUNTERS = 10_000
_NO_CHANCE = Draw(0.5, 0.5, 0.5)


class TooManyFaults(Exception):
    """So many rules are kept and no more."""


class UnknownFault(Exception):
    """There is no rule of that id."""


class UnknownFaultSet(Exception):
    """There is no set of that name."""


@dataclass(slots=True)
class Fault:
    """A rule that was switched on: for whom, from where, and how often it was met."""

    id: str
    rule: Rule
    key: str | None = None
    """The account whose requests it is about; None for all."""
    set: str | None = None
    """The set that it came with."""
    seen: int = 0
    """Requests that it was about."""
    applied: int = 0
    """Requests to which it happened."""
    _nth: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    """How many requests of an account to an operation it has seen: chance counts them apart, so that what happens to
    one account does not depend on what others do meanwhile."""

    @property
    def remaining(self) -> int | None:
        """How many requests it will still hit; None when that is open."""
        return None if self.rule.next is None else self.rule.next - self.applied

    def is_about(self, operation_id: str, key: str) -> bool:
        if self.key is not None and self.key != key:
            return False
        return self.rule.operations is None or operation_id in self.rule.operations

    def hit(self, seed: int, operation_id: str, key: str) -> Draw | None:
        """Count a request: the chance that it happens with, or None if it does not."""
        self.seen += 1
        by_chance = self.rule.share is not None or self.rule.latency is not None
        chance = (
            draw(seed, self.rule.label, key, operation_id, self._next(operation_id, key))
            if by_chance
            else None
        )
        if chance is not None and self.rule.share is not None and chance.share >= self.rule.share:
            return None
        self.applied += 1
        return chance or _NO_CHANCE

    def forget(self, key: str) -> None:
        """Begin anew for an account."""
        self._nth = {
            (account, name): count for (account, name), count in self._nth.items() if account != key
        }

    def _next(self, operation_id: str, key: str) -> int:
        place = (key, operation_id)
        count = self._nth.pop(place, 0) + 1
        if len(self._nth) >= _MAX_COUNTERS:
            del self._nth[next(iter(self._nth))]
        self._nth[place] = count
        return count


@dataclass(frozen=True, slots=True)
class Injection:
    """What happens to one request."""

    names: str
    """Of all rules that had a part in it, with commas between."""
    seconds: float
    rule: Rule | None
    """The rule that decides about the answer; None when there is only a delay."""


class FaultRegistry:
    """All rules. Those that were added last are asked first."""

    def __init__(self, sets: Mapping[str, FaultSet] | None = None, seed: int = 0) -> None:
        self.sets: Mapping[str, FaultSet] = sets or {}
        """By name: the sets that can be switched on."""
        self.operations: Collection[str] = ()
        """The operations of the contract, by which rules are judged."""
        self.active: list[Fault] = []
        """Those that can still hit something, in the order in which they are asked."""
        self._all: list[Fault] = []
        self._seed = seed
        self._count = 0
        self._at_start: Sequence[str] = ()

    def start_with(self, names: Sequence[str]) -> None:
        """The sets that are on at the start and after each reset. Raises UnknownFaultSet."""
        for name in names:
            self._known(name)
        self._at_start = names
        self.reset()

    def renew(self, sets: Mapping[str, FaultSet]) -> None:
        """Know other sets from now on; rules that are on stay on. Raises UnknownFaultSet: one of the start is gone."""
        for name in self._at_start:
            if name not in sets:
                raise UnknownFaultSet(
                    f"The set of faults '{name}', which is on since the start, is gone."
                )
        self.sets = sets

    def match(self, operation_id: str, key: str) -> Injection | None:
        """What happens to a request, counted; ``key`` is "" when it has none that can be used."""
        names: list[str] = []
        milliseconds = 0.0
        decided: Rule | None = None
        spent = False
        for fault in self.active:
            if not fault.is_about(operation_id, key) or (
                decided is not None and fault.rule.decides
            ):
                continue
            chance = fault.hit(self._seed, operation_id, key)
            if chance is None:
                continue
            names.append(fault.rule.label)
            if fault.rule.latency is not None:
                milliseconds += fault.rule.latency.milliseconds(chance)
            if fault.rule.decides:
                decided = fault.rule
            spent = spent or fault.remaining == 0
        if spent:
            self._sort_out()
        return (
            Injection(", ".join(names), min(milliseconds, MAX_MS) / 1_000, decided)
            if names
            else None
        )

    def all(self, key: str | None = None, set_name: str | None = None) -> list[Fault]:
        """Those of an account, of a set, or all, in the order in which they are asked."""
        return [
            each for each in self._all if key in (None, each.key) and set_name in (None, each.set)
        ]

    def add(self, rule: Rule, key: str | None = None) -> Fault:
        """Switch a rule on. Raises TooManyFaults."""
        (fault,) = self._add([rule], key, None, self._all)
        return fault

    def apply(self, name: str, key: str | None = None) -> list[Fault]:
        """Switch a set on, instead of itself if it is on. Raises UnknownFaultSet and TooManyFaults."""
        others = [each for each in self._all if (each.set, each.key) != (name, key)]
        return self._add(self._known(name).rules, key, name, others)

    def remove(self, fault_id: str) -> Fault:
        """Switch a rule off. Raises UnknownFault."""
        found = next((each for each in self._all if each.id == fault_id), None)
        if found is None:
            raise UnknownFault(f"There is no fault '{fault_id}'.")
        self._drop([found])
        return found

    def remove_all(self, key: str | None = None, set_name: str | None = None) -> int:
        """Switch off those of an account, of a set, or all: how many they were."""
        found = self.all(key, set_name)
        self._drop(found)
        return len(found)

    def forget(self, key: str) -> None:
        """Switch off what is about one account alone; what is about all begins anew for it."""
        self.remove_all(key)
        for fault in self._all:
            fault.forget(key)

    def reset(self) -> None:
        """As at the start."""
        self._all = []
        self._count = 0
        self._sort_out()
        for name in reversed(self._at_start):
            self.apply(name)

    def _known(self, name: str) -> FaultSet:
        if name not in self.sets:
            raise UnknownFaultSet(
                f"There is no set of faults '{name}'. There are: {', '.join(sorted(self.sets))}."
            )
        return self.sets[name]

    def _add(
        self, rules: Sequence[Rule], key: str | None, set_name: str | None, others: list[Fault]
    ) -> list[Fault]:
        kept = _with_room(others, len(rules))
        added = []
        for rule in rules:
            self._count += 1
            added.append(Fault(f"fault_{self._count}", rule, key, set_name))
        self._all = [*added, *kept]
        self._sort_out()
        return added

    def _drop(self, faults: Iterable[Fault]) -> None:
        ids = {each.id for each in faults}
        self._all = [each for each in self._all if each.id not in ids]
        self._sort_out()

    def _sort_out(self) -> None:
        self.active = [each for each in self._all if each.remaining != 0]


def _with_room(faults: list[Fault], wanted: int) -> list[Fault]:
    """The same, or fewer: those that can hit nothing more give way, the oldest first. Raises TooManyFaults."""
    excess = len(faults) + wanted - MAX_RULES
    if excess <= 0:
        return faults
    spent = [each.id for each in reversed(faults) if each.remaining == 0]
    if len(spent) < excess:
        raise TooManyFaults(
            f"There are {len(faults)} faults, and at most {MAX_RULES} are kept. Delete some first."
        )
    given_up = set(spent[:excess])
    return [each for each in faults if each.id not in given_up]
