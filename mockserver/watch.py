"""``--watch``: contract and fixtures are served anew when they are saved. What is broken is told, and not served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from mockserver.engine.state import UnusableState
from mockserver.faults.registry import UnknownFaultSet
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.yaml_file import FileError

PAUSE_SECONDS = 0.2
"""Between two looks. Files are looked at, not subscribed to: that works in containers and on network drives too."""
_SHOWN = 5

_Prints = dict[Path, tuple[int, int]]


class Reloadable(Protocol):
    """A server that can serve another contract, such as ``app.Server``."""

    contract: Contract

    def prepare(self) -> Any: ...
    def reload(self, ready: Any) -> None: ...


class Watch:
    """Looks at the files of a server; ``say`` is told each line that a person should read."""

    def __init__(
        self, server: Reloadable, spec: Path, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._server = server
        self._spec = spec
        self._folder = folder
        self._say = say
        self._served = self._look()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            seen = self._look()
            if seen != self._served and seen == await self._look_again():
                changed = sorted(path for path, _ in set(seen.items()) ^ set(self._served.items()))
                self._served = seen
                await self._reload(list(dict.fromkeys(changed)))

    async def _look_again(self) -> _Prints:
        """A moment later: a file that is still being written is left until it is whole."""
        await asyncio.sleep(PAUSE_SECONDS / 4)
        return self._look()

    async def _reload(self, changed: list[Path]) -> None:
        before = self._server.contract
        try:
            self._server.reload(await asyncio.to_thread(self._server.prepare))
        except (FileError, UnusableState, UnknownFaultSet) as error:
            self._say(f"Not reloaded, the last good state is still served. {error}")
        except Exception as error:  # Connexion's own words about a contract that it alone refuses
            self._say(f"Not reloaded, the last good state is still served. {self._spec}: {error!r}")
        else:
            names = ", ".join(path.name for path in changed)
            self._say(
                f"Reloaded {names}{_told(list(differences(before, self._server.contract)))}. Accounts are as they were."
            )

    def _look(self) -> _Prints:
        """When each file was last written, and how long it is; a file that is gone is left out."""
        found: _Prints = {}
        for path in [self._spec, *self._folder.rglob("*.yaml")]:
            with suppress(OSError):
                facts = path.stat()
                found[path] = (facts.st_mtime_ns, facts.st_size)
        return found


def differences(before: Contract, after: Contract) -> Iterator[str]:
    """What another contract serves otherwise, operation by operation."""
    old, new = before.operations, after.operations
    yield from (f"{_name(new[each])} is new" for each in new if each not in old)
    yield from (f"{_name(old[each])} is gone" for each in old if each not in new)
    for name in new:
        if name in old and _everything(before, old[name]) != _everything(after, new[name]):
            yield f"{_name(new[name])} changed"


def _everything(contract: Contract, operation: Operation) -> dict[str, Any]:
    """An operation with all that it refers to, by reference."""
    found: dict[str, Any] = {}
    left: list[Any] = [operation.node, operation.parameters, operation.security]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in found:
                found[reference] = contract.follow(node)
                left.append(found[reference])
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)
    return {
        **found,
        "": [
            operation.method,
            operation.path,
            operation.node,
            operation.parameters,
            operation.security,
        ],
    }


def _name(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _told(lines: list[str]) -> str:
    if not lines:
        return ""
    more = f", and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f": {', '.join(lines[:_SHOWN])}{more}"
