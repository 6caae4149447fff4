"""Drivers make traffic; the judge listens. Each is a function of the run, and does what the run allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from contract_tests.drivers import (
    boundaries,
    keys,
    machine,
    properties,
    protocol,
    reads,
    tales,
    tenants,
)

if TYPE_CHECKING:
    from contract_tests.run import Run

Driver = Callable[["Run"], None]

DRIVERS: dict[str, Driver] = {
    "reads": reads.drive,
    "boundaries": boundaries.drive,
    "keys": keys.drive,
    "protocol": protocol.drive,
    "tenants": tenants.drive,
    "stories": tales.drive,
    "machine": machine.drive,
    "properties": properties.drive,
}
"""In the order in which they run: what finds the most in the least time comes first."""


def chosen(names: Sequence[str]) -> list[tuple[str, Driver]]:
    """The drivers of these names, or all."""
    return [(name, drive) for name, drive in DRIVERS.items() if not names or name in names]
