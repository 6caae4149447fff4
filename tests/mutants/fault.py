"""The definition of a fault: name, group, description, how to plant it, and its witness."""

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
"""A function that shows the fault: its result differs from that on the correct server."""

Wrapping = Callable[[ASGIApp, Contract], ASGIApp]


@dataclass(frozen=True)
class Fault:
    """One defect of the server."""

    name: str
    """The name in kebab-case."""
    group: Group
    description: str
    """One line that says what a customer or developer would see."""
    how: Patch | Wire
    witness: Witness
    crashes: bool = False
    """Whether the fault is a response with 500."""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations on which the fault shows; others may show it too."""
        return self.how.operations


@contextmanager
def planted(fault: Fault | None) -> Iterator[Wrapping]:
    """Plant a fault in this process until the end of the block; None is the correct server.

    An app that is built in the block has the fault once it was passed to the yielded function.
    """
    if fault is None:
        yield lambda app, _: app
    elif isinstance(fault.how, Wire):
        wire = fault.how
        yield lambda app, contract: WireApp(app, wire, contract)
    else:
        with fault.how.plant({}):
            yield lambda app, _: app
