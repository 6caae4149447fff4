"""Named fault sets: the files of ``fixtures/faults/``."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from mockserver.faults.rule import NAME, Rule, problems
from mockserver.openapi.yaml_file import FileError, error_at, load_as

MAX_RULES_OF_A_SET = 20


class FaultSet(Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that together make up a situation, such as an outage."""

    title: str
    about: str
    rules: list[Rule]


def load(folder: Path) -> dict[str, FaultSet]:
    """Return the fault sets of a folder by file name. Raises FileError with file and line."""
    fault_sets: dict[str, FaultSet] = {}
    for path in sorted(folder.glob("*.yaml")):
        if not NAME.fullmatch(path.stem):
            raise FileError(
                path,
                "must have a name of letters, digits, dots, dashes and underscores, at most 64",
            )
        fault_sets[path.stem] = loaded = load_as(path, FaultSet)
        if not 1 <= len(loaded.rules) <= MAX_RULES_OF_A_SET:
            raise error_at(path, ["rules"], f"must have 1 to {MAX_RULES_OF_A_SET} entries")
        for place, problem in _problems(loaded, None):
            raise error_at(path, place, problem)
    return fault_sets


def check_operations(
    sets: Mapping[str, FaultSet], folder: Path, operations: Collection[str]
) -> None:
    """Check that the contract has the operations of all sets.

    Raises FileError with file and line.
    """
    for name, fault_set in sets.items():
        for place, problem in _problems(fault_set, operations):
            raise error_at(folder / f"{name}.yaml", place, problem)


def _problems(
    fault_set: FaultSet, operations: Collection[str] | None
) -> Iterator[tuple[list[str | int], str]]:
    first: dict[str, int] = {}
    for index, rule in enumerate(fault_set.rules):
        for place, problem in problems(rule, operations):
            yield ["rules", index, *place], problem
        if first.setdefault(rule.label, index) != index:
            # The label seeds the random numbers: two rules of one name would always apply together.
            yield (
                ["rules", index, "name"],
                f"must be unique in the set: '{rule.label}' is already that of "
                f"rules.{first[rule.label]}",
            )
