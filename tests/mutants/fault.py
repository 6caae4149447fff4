"""What a fault is: a name, a group, what a customer or developer would see, how it is put in, and a witness of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from starlette.types import ASGIApp

from mockserver.openapi.contract import Contract
from tests.mutants.patches import Patch
from tests.mutants.wire import Wire, WireApp

if TYPE_CHECKING:
    from tests.mutants.caller import Caller

Group = Literal["response", "input", "auth", "tenants", "protocol", "state"]
GROUPS: tuple[Group, ...] = get_args(Group)

Witness = Callable[["Caller"], object]
"""Does what shows the fault, and answers what was seen: something else than on the correct server."""

Wrapping = Callable[[ASGIApp, Contract], ASGIApp]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the server, and nothing else is."""

    name: str
    """In kebab-case."""
    group: Group
    description: str
    """One line, in plain words: what a customer or developer would see."""
    how: Patch | Wire
    witness: Witness
    crashes: bool = False
    """Whether an answer of 500 is what the fault is about."""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations on which it shows; others may show it too."""
        return self.how.operations


@contextmanager
def planted(fault: Fault | None) -> Iterator[Wrapping]:
    """Put a fault into this process until the end of the block; None is the correct server.

    An app that is built meanwhile has the fault, once it has gone through the function that this gives.
    """
    if fault is None:
        yield lambda app, _: app
    elif isinstance(fault.how, Wire):
        wire = fault.how
        yield lambda app, contract: WireApp(app, wire, contract)
    else:
        with fault.how.plant({}):
            yield lambda app, _: app
