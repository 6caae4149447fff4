"""The process that runs a user's hooks: ``python -m contract_tests.hooks.worker FILE``.

It reads a message a line from its standard input, runs each hook in a thread, and writes a reply a
line. What hooks print is discarded, so it cannot disturb the replies.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
import threading
import traceback
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from contract_tests.hooks.hook import Account


def main(path: Path) -> None:
    """Load the file, report its functions, and run what is asked for."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    lock = threading.Lock()
    try:
        module = _load(path)
    except BaseException as error:  # a user's file may raise anything, SystemExit among it
        _write(replies, lock, {"error": _shown(error, path)})
        return
    functions = {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    }
    described = {name: _described(function) for name, function in functions.items()}
    _write(replies, lock, {"functions": described})
    for line in sys.stdin:
        message = json.loads(line)
        function = functions[message["name"]]
        arguments = (replies, lock, path, function, message)
        threading.Thread(target=_run, args=arguments, daemon=True).start()


def _load(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _described(function: Any) -> dict[str, Any]:
    """Return the parameters of a function, those without a default, and whether it takes any."""
    parameters = inspect.signature(function).parameters.values()
    named = [
        parameter
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    return {
        "parameters": [parameter.name for parameter in named],
        "required": [parameter.name for parameter in named if parameter.default is parameter.empty],
        "any": any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters),
    }


def _run(
    replies: IO[str], lock: threading.Lock, path: Path, function: Any, message: dict[str, Any]
) -> None:
    try:
        value = function(**_values(message["values"]))
        text = json.dumps({"id": message["id"], "value": value}, default=_plain)
    except BaseException as error:
        text = json.dumps({"id": message["id"], "error": _shown(error, path)})
    with lock:
        replies.write(text + "\n")


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a hook: the account as an object, a time as a time."""
    values = dict(given)
    if values.get("account") is not None:
        values["account"] = Account(**values["account"])
    if values.get("to") is not None:
        values["to"] = datetime.fromisoformat(values["to"])
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"it returned a {type(value).__name__}, which JSON cannot hold")


def _shown(error: BaseException, path: Path) -> str:
    """Return an exception with the last line of the user's file that led to it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path
    ]
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"{text} (line {lines[-1]})" if lines else text


def _write(replies: IO[str], lock: threading.Lock, message: dict[str, Any]) -> None:
    with lock:
        replies.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
