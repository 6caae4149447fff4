"""Named sets of rules: the files of ``fixtures/faults/``."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mockserver.faults.rule import NAME, Rule, problems
from mockserver.openapi.yaml_file import FileError, error_at, load_as

MAX_RULES_OF_A_SET = 20


@dataclass(frozen=True, slots=True)
class FaultSet:
    """A situation that has a name, such as an outage."""

    title: str
    about: str
    rules: list[Rule]


def load(folder: Path) -> dict[str, FaultSet]:
    """All sets of a folder, by the name of the file. Raises FileError, with file and line."""
    found: dict[str, FaultSet] = {}
    for path in sorted(folder.glob("*.yaml")):
        if not NAME.fullmatch(path.stem):
            raise FileError(
                path,
                "must have a name of letters, digits, dots, dashes and underscores, at most 64",
            )
        found[path.stem] = loaded = load_as(path, FaultSet)
        if not 1 <= len(loaded.rules) <= MAX_RULES_OF_A_SET:
            raise error_at(path, ["rules"], f"must be 1 to {MAX_RULES_OF_A_SET}")
        for place, problem in _problems(loaded, None):
            raise error_at(path, place, problem)
    return found


def check_operations(
    sets: Mapping[str, FaultSet], folder: Path, operations: Collection[str]
) -> None:
    """Every operation that a set names must be one of the contract. Raises FileError, with file and line."""
    for name, each in sets.items():
        for place, problem in _problems(each, operations):
            raise error_at(folder / f"{name}.yaml", place, problem)


def _problems(
    found: FaultSet, operations: Collection[str] | None
) -> Iterator[tuple[list[str | int], str]]:
    names = Counter(rule.label for rule in found.rules)
    for index, rule in enumerate(found.rules):
        for place, problem in problems(rule, operations):
            yield ["rules", index, *place], problem
        if names[rule.label] > 1:
            # Chance goes by the name: two rules of one name would always hit together.
            yield (
                ["rules", index, "name"],
                f"must differ from the other rules' names: '{rule.label}' is there twice",
            )
