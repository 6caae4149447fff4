"""Loads the hooks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contract_tests.errors import UsageError
from contract_tests.hooks.command_lines import HookCommands
from contract_tests.hooks.hook import Hook, Hooks, Source
from contract_tests.hooks.python_file import HookFile


def load(file: Path | None, commands: Mapping[str, str], known: Mapping[str, Hook]) -> Hooks | None:
    """Return the hooks of a file and of commands; None if there are none. Raise UsageError."""
    if file is None and not commands:
        return None
    if not known:
        raise UsageError("--hooks: no hooks are known for this API")
    sources: list[Source] = [HookFile(file, known)] if file is not None else []
    if commands:
        sources.append(HookCommands(commands, known))
    return Hooks(sources, known)
