"""``--handlers FILE.py``: functions of the user, named by operationId.

A function takes any of ``request``, ``store``, ``clock`` and ``chance``, and returns the body of
the successful response. What the schema of the response does not allow is replaced.
"""

from __future__ import annotations

import ast
import inspect
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

from mockserver.engine import mistakes
from mockserver.engine.call import Call
from mockserver.engine.call import Handler as EngineHandler
from mockserver.engine.errors import Refusal
from mockserver.engine.mistakes import nearest
from mockserver.engine.reply import Reply, encode
from mockserver.engine.samples import Samples
from mockserver.openapi.contract import Operation
from mockserver.openapi.yaml_file import FileError
from mockserver.resources.account import Account
from mockserver.resources.compiled import Compiled
from mockserver.resources.items import Shelves
from mockserver.resources.replies import Body, Documented, Replies
from mockserver.resources.store import Missing

logger = logging.getLogger(__name__)

_ARGUMENTS = ("request", "store", "clock", "chance")


class Incoming(Struct, frozen=True):
    """The request as a function of the user sees it."""

    method: str
    path: str
    params: Mapping[str, Any]
    """All parameters by name: of path, query and headers."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Any

    @staticmethod
    def refused(status: int, sentence: str) -> Exception:
        """Return the error to raise for an error response: ``raise request.refused(409, ...)``."""
        return Refusal(status, sentence)


class MockClock(Struct, frozen=True):
    """The clock of the mock."""

    now: datetime


def load(path: Path, compiled: Compiled) -> dict[str, EngineHandler]:
    """Return the handlers of a file by operationId. Raises FileError, with the line."""
    by_name = {
        re.sub(r"\W", "_", operation_id): operation
        for operation_id, operation in compiled.contract.operations.items()
    }
    handlers: dict[str, EngineHandler] = {}
    for name, function in _functions(path, _module(path)):
        line = function.__code__.co_firstlineno
        operation = by_name.get(name)
        if operation is None:
            near = nearest(name, frozenset(by_name))
            hint = f" Did you mean '{near}'?" if near else ""
            problem = f"'{name}' is no operationId of the document.{hint}"
            raise FileError(path, f"{problem} Other functions begin with '_'", line)
        if inspect.iscoroutinefunction(function):
            raise FileError(path, f"'{name}' must not be async", line)
        names = list(inspect.signature(function).parameters)
        unknown = [argument for argument in names if argument not in _ARGUMENTS]
        if unknown:
            known = ", ".join(_ARGUMENTS)
            problem = f"'{name}' takes '{unknown[0]}', but functions take any of {known}"
            raise FileError(path, problem, line)
        handlers[operation.operation_id] = _UserHandler(compiled, operation, function, names, path)
    return handlers


def _functions(path: Path, module: ModuleType) -> list[tuple[str, Any]]:
    """Return the public functions that a file defines itself."""
    return [
        (name, value)
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and value.__code__.co_filename == str(path)
    ]


def _module(path: Path) -> ModuleType:
    """Run a file as a module. Raises FileError."""
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source, filename=str(path))
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        raise FileError(path, f"is no valid Python: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise FileError(path, f"is no valid Python: {error}") from None
    module = ModuleType("mock_handlers")
    module.__file__ = str(path)
    try:
        exec(compile(tree, str(path), "exec"), vars(module))  # noqa: S102 (the user's own file)
    except (Exception, SystemExit) as error:  # whatever the file raises
        raise FileError(path, f"fails: {_reason(error)}", _line(path, error)) from None
    return module


class _UserHandler:
    """Calls one function of the user."""

    def __init__(
        self,
        compiled: Compiled,
        operation: Operation,
        function: Callable[..., Any],
        names: list[str],
        path: Path,
    ) -> None:
        self._compiled = compiled
        self._operation = operation
        self._function = function
        self._names = names
        self._path = path
        samples = Samples(operation, compiled.contract, compiled.generator)
        self._replies = Replies(compiled.contract, operation, compiled.fitting, samples)

    def __call__(self, call: Call[Account, Any]) -> Reply:
        """Return the response. A function that fails changes nothing. Raises Refusal."""
        account = call.context
        before = msgspec.json.encode(account)
        values = self._values(call, account)
        try:
            body = self._function(**{name: values[name] for name in self._names})
            if isinstance(body, Exception):
                raise body
            body = msgspec.json.decode(encode(body))
        except (Exception, SystemExit) as error:
            _restore(account, before)
            if isinstance(error, Missing):
                raise Refusal(404, f"Not found: no such item of {error}.") from None
            if isinstance(error, Refusal):
                raise
            line = _line(self._path, error) or self._line
            reason = f"{self._path.name}:{line}: {_reason(error)}"
            raise Refusal(500, f"The handler failed at {reason}") from error
        is_new = self._operation.method == "post" and 201 in self._operation.statuses
        documented = self._replies.created if is_new else self._replies.success
        key = (self._operation.operation_id, call.request.path)
        self._warn(call, documented, body, key)
        return self._replies.reply(documented, Body(body, key), [])

    @property
    def _line(self) -> int:
        return self._function.__code__.co_firstlineno

    def _warn(self, call: Call[Account, Any], documented: Documented, body: Any, key: Any) -> None:
        """Warn of a body that does not satisfy the response, in a header and in the log."""
        names = self._compiled.fitting.unfit_parts(documented.schema, body, key)
        if not names:
            return
        part = ", ".join(f"'{name}'" for name in names if name) or f"the value ({_kind(body)})"
        name = self._function.__name__
        problem = f"{part} that '{name}' returns does not satisfy the response"
        sentence = f"{self._path.name}:{self._line}: {problem}: a generated value is sent."
        mistakes.add(call.request.warnings, sentence)
        logger.warning("%s", sentence)

    def _values(self, call: Call[Account, Any], account: Account) -> dict[str, Any]:
        request, compiled = call.request, self._compiled
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in request.header_list
        }
        text = f"{call.world.seed}/{account.id}/{self._operation.operation_id}/{request.now}"
        digest = blake2b(text.encode() + request.payload, digest_size=16).digest()
        return {
            "request": Incoming(request.method, request.path, call.params, headers, call.body),
            "store": Shelves(compiled.store, compiled.model, account, request.now),
            "clock": MockClock(request.now),
            "chance": Random(digest),  # noqa: S311 (invented data, no secrets)
        }


def _restore(account: Account, before: bytes) -> None:
    """Undo all changes of an account."""
    old = msgspec.json.decode(before, type=Account)
    account.collections, account.singletons = old.collections, old.singletons


def _line(path: Path, error: BaseException) -> int | None:
    """Return the last line of a file that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else None


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def _reason(error: BaseException) -> str:
    text = " ".join(str(error.args[0] if len(error.args) == 1 else error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
