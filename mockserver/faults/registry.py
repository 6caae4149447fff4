"""The registry of active faults: adds and removes them, and matches requests with them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field

from mockserver.faults.latency import MAX_MS
from mockserver.faults.rule import Rule
from mockserver.faults.seeded_random import Draw, draw
from mockserver.faults.sets import FaultSet

MAX_RULES = 100
_MAX_COUNTERS = 10_000
_FIXED_DRAW = Draw(0.5, 0.5, 0.5)
"""For rules that need no random number."""


class TooManyFaults(Exception):
    """The maximum number of rules is reached."""


class UnknownFault(Exception):
    """No fault has this id."""


class UnknownFaultSet(Exception):
    """No fault set has this name."""


class SavedFault(Struct, frozen=True):
    """A fault as a state file stores it."""

    id: str
    rule: Rule
    key: str | None
    set: str | None
    seen: int
    applied: int
    counts: list[tuple[str, str, int]]
    """Selected requests by account and operation."""


class SavedFaults(Struct, frozen=True):
    """All faults in order of precedence, and the numbering of their ids."""

    faults: list[SavedFault]
    count: int


class Fault(Struct):
    """An active rule, with its scope and its counters."""

    id: str
    rule: Rule
    key: str | None = None
    """Key of the account whose requests it selects; None for all accounts."""
    set: str | None = None
    """Name of the fault set that it belongs to."""
    seen: int = 0
    """Number of requests that it selected."""
    applied: int = 0
    """Number of requests that it applied to."""
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    """Selected requests by account and operation. Random numbers depend on this count, so that the
    requests of other accounts do not change which requests of an account fail."""

    @property
    def remaining(self) -> int | None:
        """How many more requests it applies to; None if unlimited."""
        return None if self.rule.next is None else self.rule.next - self.applied

    def selects(self, operation_id: str, key: str) -> bool:
        """Return whether the rule concerns an account's requests to an operation."""
        if self.key is not None and self.key != key:
            return False
        return self.rule.operations is None or operation_id in self.rule.operations

    def apply(self, seed: int, operation_id: str, key: str) -> Draw | None:
        """Count a selected request; return its random numbers, or None if the rule spares it."""
        self.seen += 1
        drawn = _FIXED_DRAW
        if self.rule.share is not None or self.rule.latency is not None:
            count = self._count(operation_id, key)
            drawn = draw(seed, self.rule.label, key, operation_id, count)
        if self.rule.share is not None and drawn.share >= self.rule.share:
            return None
        self.applied += 1
        return drawn

    def reset_account(self, key: str) -> None:
        """Reset the counts of an account, so that its random numbers start again."""
        self._counts = {
            (account, name): count
            for (account, name), count in self._counts.items()
            if account != key
        }

    def saved(self) -> SavedFault:
        """Return the fault as a state file stores it."""
        counts = [(account, name, count) for (account, name), count in self._counts.items()]
        return SavedFault(self.id, self.rule, self.key, self.set, self.seen, self.applied, counts)

    def _count(self, operation_id: str, key: str) -> int:
        pair = (key, operation_id)
        count = self._counts.pop(pair, 0) + 1
        if len(self._counts) >= _MAX_COUNTERS:
            del self._counts[next(iter(self._counts))]
        self._counts[pair] = count
        return count


class Injection(Struct, frozen=True):
    """The effect of all faults that apply to one request."""

    names: str
    """Labels of the rules that apply, separated by commas."""
    seconds: float
    """Delay in real time."""
    rule: Rule | None
    """The rule that determines the response; None if there is only a delay."""


class FaultRegistry:
    """All faults. The one that was added last takes precedence."""

    def __init__(self, sets: Mapping[str, FaultSet] | None = None, seed: int = 0) -> None:
        self.sets: Mapping[str, FaultSet] = sets or {}
        """Available fault sets by name."""
        self.operations: Collection[str] = ()
        """operationIds of the contract, for the validation of rules."""
        self.active: list[Fault] = []
        """Faults that are not used up, in order of precedence."""
        self._all: list[Fault] = []
        self._seed = seed
        self._count = 0
        self._at_start: Sequence[str] = ()

    def start_with(self, names: Sequence[str]) -> None:
        """Activate fault sets now and after each reset. Raises UnknownFaultSet."""
        for name in names:
            self._set_named(name)
        self._at_start = names
        self.reset()

    def reload(self, sets: Mapping[str, FaultSet]) -> None:
        """Replace the available fault sets; active faults stay active.

        Raises UnknownFaultSet if a set that is active at start is missing.
        """
        for name in self._at_start:
            if name not in sets:
                raise UnknownFaultSet(
                    f"The fault set '{name}', which is active from the start, is missing."
                )
        self.sets = sets

    def match(self, operation_id: str, key: str) -> Injection | None:
        """Return what happens to a request, and count it; None if nothing does.

        ``key`` identifies the account; it is empty if the request has no usable key.
        """
        names: list[str] = []
        milliseconds = 0.0
        deciding: Rule | None = None
        is_used_up = False
        for fault in self.active:
            if not fault.selects(operation_id, key) or (
                deciding is not None and fault.rule.decides
            ):
                continue
            drawn = fault.apply(self._seed, operation_id, key)
            if drawn is None:
                continue
            names.append(fault.rule.label)
            if fault.rule.latency is not None:
                milliseconds += fault.rule.latency.milliseconds(drawn)
            if fault.rule.decides:
                deciding = fault.rule
            is_used_up = is_used_up or fault.remaining == 0
        if is_used_up:
            self._refresh_active()
        if not names:
            return None
        return Injection(", ".join(names), min(milliseconds, MAX_MS) / 1_000, deciding)

    def all(self, key: str | None = None, set_name: str | None = None) -> list[Fault]:
        """Return all faults, or those of an account or a set, in order of precedence."""
        return [
            fault
            for fault in self._all
            if key in (None, fault.key) and set_name in (None, fault.set)
        ]

    def add(self, rule: Rule, key: str | None = None) -> Fault:
        """Activate a rule. Raises TooManyFaults."""
        (fault,) = self._add([rule], key, None, self._all)
        return fault

    def apply(self, name: str, key: str | None = None) -> list[Fault]:
        """Activate a fault set, again if it is active. Raises UnknownFaultSet and TooManyFaults."""
        others = [fault for fault in self._all if (fault.set, fault.key) != (name, key)]
        return self._add(self._set_named(name).rules, key, name, others)

    def remove(self, fault_id: str) -> Fault:
        """Remove a fault. Raises UnknownFault."""
        found = next((fault for fault in self._all if fault.id == fault_id), None)
        if found is None:
            raise UnknownFault(f"There is no fault '{fault_id}'.")
        self._drop([found])
        return found

    def remove_all(self, key: str | None = None, set_name: str | None = None) -> int:
        """Remove all faults, or those of an account or a set; return their number."""
        found = self.all(key, set_name)
        self._drop(found)
        return len(found)

    def reset_account(self, key: str) -> None:
        """Remove the faults of an account, and reset its counts in the faults of all accounts."""
        self.remove_all(key)
        for fault in self._all:
            fault.reset_account(key)

    def reset(self) -> None:
        """Return to the faults that are active at start."""
        self._all = []
        self._count = 0
        self._refresh_active()
        for name in reversed(self._at_start):
            self.apply(name)

    def saved(self) -> SavedFaults:
        """Return all faults as a state file stores them."""
        return SavedFaults([fault.saved() for fault in self._all], self._count)

    def restore(self, saved: SavedFaults) -> None:
        """Replace all faults by saved ones."""
        self._all = [
            Fault(
                given.id,
                given.rule,
                given.key,
                given.set,
                given.seen,
                given.applied,
                {(account, name): count for account, name, count in given.counts},
            )
            for given in saved.faults
        ]
        self._count = saved.count
        self._refresh_active()

    def _set_named(self, name: str) -> FaultSet:
        if name not in self.sets:
            raise UnknownFaultSet(
                f"There is no set of faults '{name}'. There are: {', '.join(sorted(self.sets))}."
            )
        return self.sets[name]

    def _add(
        self, rules: Sequence[Rule], key: str | None, set_name: str | None, others: list[Fault]
    ) -> list[Fault]:
        kept = _make_room(others, len(rules))
        added = []
        for rule in rules:
            self._count += 1
            added.append(Fault(f"fault_{self._count}", rule, key, set_name))
        self._all = [*added, *kept]
        self._refresh_active()
        return added

    def _drop(self, faults: Iterable[Fault]) -> None:
        ids = {fault.id for fault in faults}
        self._all = [fault for fault in self._all if fault.id not in ids]
        self._refresh_active()

    def _refresh_active(self) -> None:
        self.active = [fault for fault in self._all if fault.remaining != 0]


def _make_room(faults: list[Fault], wanted: int) -> list[Fault]:
    """Return the faults without as many used-up ones, oldest first, as new faults need room.

    Raises TooManyFaults.
    """
    excess = len(faults) + wanted - MAX_RULES
    if excess <= 0:
        return faults
    used_up = [fault.id for fault in reversed(faults) if fault.remaining == 0]
    if len(used_up) < excess:
        raise TooManyFaults(
            f"There are {len(faults)} faults, and at most {MAX_RULES} are kept. Delete some first."
        )
    removed = set(used_up[:excess])
    return [fault for fault in faults if fault.id not in removed]
