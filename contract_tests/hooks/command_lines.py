"""Hooks that are command lines of the settings."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.hooks.hook import Declared, Hook, HookFailed, as_text
from contract_tests.hooks.process import TIME_LIMIT, end_group, plain


class HookCommands:
    """Command lines of the settings, by hook.

    A command gets its values as JSON on its standard input, and those that are no account in its
    words: ``pay.sh {session}``. It prints JSON, text, or nothing. It runs without a shell.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        known: Mapping[str, Hook],
        *,
        title: str = "[hooks]",
        limit: float = TIME_LIMIT,
    ) -> None:
        self.title = title
        self._limit = limit
        self._commands = {name: self._words(name, line) for name, line in commands.items()}
        self.hooks = {
            name: Declared(known[name].takes if name in known else (), takes_any=name in known)
            for name in commands
        }

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        words = [_filled(word, values) for word in self._commands[name]]
        with self._start(name, words) as process:
            try:
                out, error = process.communicate(_json(values), self._limit)
            except subprocess.TimeoutExpired:
                end_group(process)
                raise HookFailed(
                    f"{self.title}: {name}: ended after the time limit of {self._limit:g} s"
                ) from None
        if process.returncode:
            lines = error.decode("utf-8", "replace").strip().splitlines() or [""]
            why = f"exit status {process.returncode}: {lines[-1]}".removesuffix(": ")
            raise HookFailed(f"{self.title}: {name}: {as_text(why)}")
        text = out.decode("utf-8", "replace").strip()
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text

    def close(self) -> None:
        """Do nothing: each command has ended when it returns."""

    def _words(self, name: str, line: str) -> list[str]:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"{self.title}: {name}: {error}") from None
        if not words:
            raise UsageError(f"{self.title}: {name}: the command is empty")
        return words

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 (the user's own command, without a shell)
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise HookFailed(f"{self.title}: {name}: {words[0]}: {error.strerror}") from None


def _filled(word: str, values: Mapping[str, Any]) -> str:
    """Return a word of a command with values in it: never an account, whose key is a secret."""
    for name, value in values.items():
        if isinstance(value, str | int | float | datetime):
            word = word.replace(f"{{{name}}}", str(plain(value)))
    return word


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, default=plain).encode()
