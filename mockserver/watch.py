"""``--watch``: reloads contract and fixtures when they are saved. Broken files are reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Protocol, TypeVar, cast

from mockserver.engine.state import UnusableState
from mockserver.faults.registry import UnknownFaultSet
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.yaml_file import FileError

PAUSE_SECONDS = 0.2
"""The interval of polling, which also works in containers and on network drives."""
_SHOWN = 5

T = TypeVar("T")
_Stamps = dict[Path, tuple[int, int]]
"""Time of modification and size of each file."""


class Reloadable(Protocol):
    """A server that can serve another contract, such as ``app.Server``."""

    contract: Contract

    @property
    def notices(self) -> Sequence[str]: ...
    def prepare(self) -> Any: ...
    def reload(self, ready: Any) -> None: ...


class Watcher:
    """Reloads a server when its files change. ``report`` is called with each line to print."""

    def __init__(
        self,
        server: Reloadable,
        spec: Path,
        folder: Path,
        report: Callable[[str], None],
        handlers: Path | None = None,
    ) -> None:
        self._server = server
        self._spec = spec
        self._folder = folder
        self._handlers = [handlers] if handlers is not None else []
        self._report = report
        self._served = self._stamps()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            stamps = self._stamps()
            if stamps != self._served and stamps == await self._later_stamps():
                changes = set(stamps.items()) ^ set(self._served.items())
                self._served = stamps
                await self._reload(sorted({path for path, _ in changes}))

    async def _later_stamps(self) -> _Stamps:
        """Return the stamps after a moment, so that files are not read while they are written."""
        await asyncio.sleep(PAUSE_SECONDS / 4)
        return self._stamps()

    async def _reload(self, changed: list[Path]) -> None:
        before, notices = self._server.contract, self._server.notices
        try:
            self._server.reload(await _in_daemon_thread(self._server.prepare))
        except (FileError, UnusableState, UnknownFaultSet) as error:
            self._report(f"Not reloaded, the last good state is still served. {error}")
        except Exception as error:  # Connexion's own errors about a contract
            self._report(
                f"Not reloaded, the last good state is still served. {self._spec}: {error!r}"
            )
        else:
            names = ", ".join(path.name for path in changed)
            listed = _listed([*differences(before, self._server.contract)])
            self._report(f"Reloaded {names}{listed}. Accounts are unchanged.")
            for notice in self._server.notices:
                if notice not in notices:
                    self._report(notice)

    def _stamps(self) -> _Stamps:
        """Return the stamps of all files that exist."""
        stamps: _Stamps = {}
        files = self._server.contract.files or (self._spec,)
        for path in [*files, *self._handlers, *self._folder.rglob("*.yaml")]:
            with suppress(OSError):
                status = path.stat()
                stamps[path] = (status.st_mtime_ns, status.st_size)
        return stamps


async def _in_daemon_thread(function: Callable[[], T]) -> T:
    """Return the result of a function that runs in a thread which the process need not wait for.

    ``asyncio.to_thread`` would delay the end of the process until the function returns.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(outcome: T | None, error: Exception | None) -> None:
        if result.cancelled():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(cast(T, outcome))

    def run() -> None:
        outcome, error = None, None
        try:
            outcome = function()
        except Exception as problem:
            error = problem
        with suppress(RuntimeError):  # the loop is closed: the process ends
            loop.call_soon_threadsafe(settle, outcome, error)

    Thread(target=run, daemon=True).start()
    return await result


def differences(before: Contract, after: Contract) -> Iterator[str]:
    """Yield how the operations of two contracts differ."""
    old, new = before.operations, after.operations
    yield from (f"{_title(new[name])} is new" for name in new if name not in old)
    yield from (f"{_title(old[name])} is gone" for name in old if name not in new)
    for name in new:
        if name in old and _resolved(before, old[name]) != _resolved(after, new[name]):
            yield f"{_title(new[name])} changed"


def _resolved(contract: Contract, operation: Operation) -> dict[str, Any]:
    """Return an operation and all nodes that it refers to, by reference."""
    nodes: dict[str, Any] = {}
    left: list[Any] = [operation.node, operation.parameters, operation.security]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in nodes:
                nodes[reference] = contract.follow(node)
                left.append(nodes[reference])
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)
    own = [operation.node, operation.parameters, operation.security]
    return {**nodes, "": [operation.method, operation.path, *own]}


def _title(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _listed(lines: list[str]) -> str:
    if not lines:
        return ""
    more = f", and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f": {', '.join(lines[:_SHOWN])}{more}"
