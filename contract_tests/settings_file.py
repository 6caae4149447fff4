"""``contract-tests.toml``: flags by their long names, environments, settings of operations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from contract_tests import flags
from contract_tests.errors import UsageError
from contract_tests.findings.checks import CHECKS
from contract_tests.settings import OperationSettings

NAME = "contract-tests.toml"
_NOT_IN_A_FILE = frozenset({"config"})
_HEADER = re.compile(r"\s*\[+([^\[\]]+)\]+\s*(#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_FIELDS = ("skip_checks", "expected_statuses", "skip", "because")
_SKIPPED_CHECK = ("check", "because")

Keys = tuple[str, ...]
"""The names that lead to a value."""
Table = dict[str, Any]


@dataclass(frozen=True)
class SettingsFile:
    """What a file says for one environment."""

    name: str = ""
    """The file and the environment, for people; empty if there is no file."""
    url: str = ""
    given: flags.Given = field(default_factory=flags.Given)
    operations: Mapping[str, OperationSettings] = field(default_factory=dict)


def load(path: Path | None, environment: str | None) -> SettingsFile:
    """Return the settings of a file, or of the one in the working directory. Raise UsageError."""
    if path is None and not Path(NAME).is_file():
        if environment is not None:
            raise UsageError(f"--env {environment}: there is no {NAME} here; name it with --config")
        return SettingsFile()
    return _Reader(path or Path(NAME)).read(environment)


class _Reader:
    """Reads one file, and collects what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            text = path.read_text(encoding="utf-8")
            self._document: Table = tomllib.loads(text)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path}: is not UTF-8 text") from None
        except tomllib.TOMLDecodeError as error:
            raise UsageError(_syntax(path, text, str(error))) from None
        self._lines = lines(text)
        self._problems: list[str] = []

    def read(self, environment: str | None) -> SettingsFile:
        """Return the settings. Raise UsageError with a line for each problem."""
        environments = self._table(self._document, "environments")
        tables: dict[Keys, Table] = {
            (): {
                name: value
                for name, value in self._document.items()
                if name not in ("environments", "operations")
            }
        }
        for name in environments:
            tables["environments", name] = self._table(environments, name, "environments")
        read = {keys: self._flags(table, keys) for keys, table in tables.items()}
        operations = {
            name: self._operation(name, table)
            for name, table in self._table(self._document, "operations").items()
        }
        chosen = environment or read[()].values.get("env")
        if chosen is not None and chosen not in environments:
            found = _nearest(chosen, list(environments)) or _listed(list(environments))
            self._problems.append(f"{self._path}: has no environment '{chosen}'{found}")
        if self._problems:
            raise UsageError("\n".join(self._problems))
        values, places = dict(read[()].values), dict(read[()].places)
        if chosen is not None:
            values |= read["environments", chosen].values
            places |= read["environments", chosen].places
        url = values.pop("url", "")
        name = f"{self._path}, environment {chosen}" if chosen else str(self._path)
        return SettingsFile(name, url, flags.Given(values, places), operations)

    def _flags(self, table: Table, keys: Keys) -> flags.Given:
        """Return the flags of a table, each as on the command line."""
        names = {flags.flag_name(name).removeprefix("--"): name for name in flags.FLAGS}
        known = [name for name, setting in names.items() if setting not in _NOT_IN_A_FILE]
        values: dict[str, Any] = {}
        places: dict[str, str] = {}
        for given, value in table.items():
            place = self._place(*keys, given)
            name = given.replace("_", "-")
            if name == "url":
                values["url"] = self._of_type(value, str, "text", place, given)
            elif name not in known or (keys and name == "env"):
                self._unknown(place, "setting", given, [*known, "url"])
            elif (found := self._flag(flags.FLAGS[names[name]], value, place, given)) is not None:
                values[names[name]], places[names[name]] = found, f"{place}: {given}"
        return flags.Given(values, places)

    def _flag(self, flag: flags.Flag, value: Any, place: str, name: str) -> Any:
        if flag.parse is None:
            return self._of_type(value, bool, "true or false", place, name)
        if not flag.is_list:
            return _text(self._of_type(value, (str, int, float), "text or a number", place, name))
        values = value if isinstance(value, list) else [value]
        found = [
            self._of_type(item, str, "text or a list of texts", place, name) for item in values
        ]
        return found if None not in found else None

    def _operation(self, name: str, table: Any) -> OperationSettings:
        keys = ("operations", name)
        place = self._place(*keys)
        if not isinstance(table, dict):
            self._problems.append(f"{place}: '{name}' must be a table, [operations.{name}]")
            return OperationSettings(place=place)
        values = self._known(table, keys, _FIELDS)
        checks = {}
        for entry in self._list(values, "skip_checks", keys, dict, "a list of check and because"):
            skipped = self._known(entry, (*keys, "skip_checks"), _SKIPPED_CHECK)
            where = self._place(*keys, "skip_checks")
            check = self._of_type(skipped.get("check"), str, "the name of a check", where, "check")
            if check is not None and check not in (known := _checks()):
                self._unknown(where, "check", check, known)
            checks[str(check)] = self._because(skipped, where)
        statuses = self._list(values, "expected_statuses", keys, int, "a list of statuses")
        if any(not 100 <= status <= 599 for status in statuses):
            where = self._place(*keys, "expected_statuses")
            self._problems.append(f"{where}: 'expected_statuses' must be a list of statuses")
        skip = values.get("skip", False)
        self._of_type(skip, bool, "true or false", self._place(*keys, "skip"), "skip")
        why = self._because(values, self._place(*keys, "skip")) if skip is True else ""
        return OperationSettings(checks, tuple(statuses), why, place)

    # ---------------------------------------------------------------------------------------- types

    def _because(self, table: Table, place: str) -> str:
        value = table.get("because")
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self._problems.append(f"{place}: 'because' must say why, in a line of text")
            return ""
        return value.strip()

    def _known(self, table: Table, keys: Keys, names: Sequence[str]) -> Table:
        """Return a table with its names as they are documented."""
        for name in table:
            if name.replace("-", "_") not in names:
                self._unknown(self._place(*keys, name), "setting", name, names)
        return {name.replace("-", "_"): value for name, value in table.items()}

    def _list(self, table: Table, name: str, keys: Keys, kind: type, what: str) -> list[Any]:
        value = table.get(name, [])
        place = self._place(*keys, name)
        if not isinstance(value, list):
            value = [None]
        found = [self._of_type(item, kind, what, place, name) for item in value]
        return [item for item in found if item is not None]

    def _of_type(
        self, value: Any, kind: type | tuple[type, ...], what: str, place: str, name: str
    ) -> Any:
        """Return the value; None, and a problem, if it is of another type."""
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        problem = f"{place}: '{name}' must be {what}"
        if not is_right and problem not in self._problems:
            self._problems.append(problem)
        return value if is_right else None

    def _table(self, table: Table, name: str, *keys: str) -> Table:
        value = table.get(name, {})
        if not isinstance(value, dict):
            header = ".".join((*keys, name))
            self._problems.append(
                f"{self._place(*keys, name)}: '{name}' must be a table, [{header}]"
            )
            return {}
        return value

    def _unknown(self, place: str, what: str, name: str, known: Sequence[str]) -> None:
        more = _nearest(name, known) or (_listed(known) if len(known) < len(flags.FLAGS) else "")
        self._problems.append(f"{place}: unknown {what} '{name}'{more}")

    def _place(self, *keys: str) -> str:
        """Return the file, and the line of the value or of the nearest table around it."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self._lines:
                return f"{self._path}:{self._lines[keys[:end]]}"
        return str(self._path)


def lines(text: str) -> dict[Keys, int]:
    """Return the line of each table and each key of a TOML document."""
    found: dict[Keys, int] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.fullmatch(line):
            table = _parts(match[1])
            named = table
        elif match := _KEY.match(line):
            named = (*table, *_parts(match[1]))
        else:
            continue
        for end in range(1, len(named) + 1):
            found.setdefault(named[:end], number)
    return found


def _parts(dotted: str) -> Keys:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _syntax(path: Path, text: str, message: str) -> str:
    """Return a syntax error with its line."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if found is None:
        return f"{path}: is not valid TOML ({message})"
    line = found[1] or max(1, len(text.splitlines()))
    return f"{path}:{line}: is not valid TOML ({message[: found.start()]})"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _checks() -> list[str]:
    """Return the names of checks, and of the kinds of findings in them."""
    return [*CHECKS, *sorted({kind for kinds in CHECKS.values() for kind in kinds} - {*CHECKS})]


def _nearest(name: str, known: Sequence[str]) -> str:
    found = get_close_matches(name.replace("_", "-"), known, 1) or get_close_matches(name, known, 1)
    return f"; did you mean '{found[0]}'?" if found else ""


def _listed(known: Sequence[str]) -> str:
    return f"; there are {', '.join(known)}" if known else ""
