"""What a hook is, and the hooks of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

from contract_tests.errors import UsageError
from contract_tests.text import printable, shortened

_MAX_TEXT = 300
"""Length of an error's text."""


@dataclass(frozen=True)
class Account:
    """The account that a hook is to act on."""

    name: str
    """Its name in the reports."""
    key: str = field(repr=False)
    """Its API key."""
    url: str
    """The deployment."""


class HookFailed(Exception):
    """A hook raised, hung, or returned something else than it must. The text is one line."""


@dataclass(frozen=True)
class Hook:
    """A function that a user may define."""

    takes: tuple[str, ...]
    """The parameters that it may declare."""
    must: frozenset[str] = frozenset()
    """The parameters that it must declare."""
    one_of: frozenset[str] = frozenset()
    """Parameters of which it must declare at least one."""
    beside: str = ""
    """Another hook that must be defined beside it."""

    @property
    def signature(self) -> str:
        return f"({', '.join(self.takes)})"


@dataclass(frozen=True)
class Declared:
    """The parameters of a user's function."""

    parameters: tuple[str, ...]
    required: tuple[str, ...] = ()
    """Parameters without a default."""
    takes_any: bool = False
    """Whether it takes every keyword argument."""

    def takes(self, name: str) -> bool:
        return self.takes_any or name in self.parameters


class Source(Protocol):
    """Where hooks are defined."""

    title: str
    """The name of the file, or of the section of the settings."""

    @property
    def hooks(self) -> Mapping[str, Declared]:
        """The hooks that it defines."""

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        """Run a hook. Raise HookFailed."""

    def close(self) -> None: ...


class Hooks:
    """The hooks of a run, whatever defines them."""

    def __init__(self, sources: Sequence[Source], known: Mapping[str, Hook]) -> None:
        self._sources = sources
        self._of: dict[str, Source] = {}
        try:
            self._check(known)
        except UsageError:
            self.close()
            raise
        self.names = frozenset(self._of)

    def takes(self, name: str, parameter: str) -> bool:
        """Return whether a hook is defined and declares a parameter."""
        return name in self._of and self._of[name].hooks[name].takes(parameter)

    def call(self, name: str, **values: Any) -> Any:
        """Run a hook with the values that it declares, None for the others. Raise HookFailed."""
        declared = self._of[name].hooks[name]
        taken = dict.fromkeys(declared.required) | {
            parameter: value for parameter, value in values.items() if declared.takes(parameter)
        }
        return self._of[name].call(name, taken)

    def failure(self, name: str, text: str) -> HookFailed:
        """Return the error of a hook that returned something wrong."""
        return HookFailed(f"{self._of[name].title}: {name}: {text}")

    def close(self) -> None:
        """End the processes of the hooks."""
        for source in self._sources:
            source.close()

    def _check(self, known: Mapping[str, Hook]) -> None:
        """Raise UsageError with a line for each hook that cannot be used."""
        problems = []
        for source in self._sources:
            for name, declared in source.hooks.items():
                if name in self._of:
                    problems.append(f"{source.title}: {name} is in {self._of[name].title}, too")
                self._of.setdefault(name, source)
                problems += _problems(source.title, name, declared, known)
        for name in sorted(self._of.keys() & known.keys()):
            beside = known[name].beside
            if beside and beside not in self._of:
                problems.append(f"{self._of[name].title}: {name} needs {beside} beside it")
        if problems:
            raise UsageError("\n".join(problems))


def _problems(
    title: str, name: str, declared: Declared, known: Mapping[str, Hook]
) -> Iterable[str]:
    """Yield what is wrong with one hook."""
    hook = known.get(name)
    if hook is None:
        yield f"{title}: {name} is no hook{_suggestion(name, known)}"
        return
    unknown = [parameter for parameter in declared.required if parameter not in hook.takes]
    for parameter in unknown:
        more = _suggestion(parameter, hook.takes)
        yield f"{title}: {name} takes '{parameter}', and {name}{hook.signature} has none{more}"
    if unknown:
        return
    missing = [
        parameter
        for parameter in hook.takes
        if parameter in hook.must and not declared.takes(parameter)
    ]
    if missing:
        yield f"{title}: {name} must take {' and '.join(missing)}: {name}{hook.signature}"
    if hook.one_of and not any(declared.takes(parameter) for parameter in hook.one_of):
        names = " or ".join(sorted(hook.one_of))
        yield f"{title}: {name} must take {names}: {name}{hook.signature}"


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, 1, 0.6)
    return f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(names)}"


def misspelt(name: str, known: Iterable[str]) -> bool:
    """Return whether a function's name is nearly that of a hook."""
    return bool(get_close_matches(name, list(known), 1, 0.75))


def as_text(error: object) -> str:
    """Return an error's text in one line."""
    return shortened(printable(" ".join(str(error).split())), _MAX_TEXT)
