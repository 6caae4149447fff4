"""All faults, by name: the modules of this package, group by group."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mutants.fault import Fault
from tests.mutants.faults import (
    alerts,
    auth,
    cards,
    deposits,
    input_bounds,
    input_shapes,
    money,
    pages,
    plans,
    protocol,
    recharge_settings,
    recharges,
    records,
    response_bodies,
    response_envelopes,
    tenants,
    usage,
    verification,
)

ALL: tuple[Fault, ...] = (
    *response_bodies.FAULTS,
    *response_envelopes.FAULTS,
    *input_bounds.FAULTS,
    *input_shapes.FAULTS,
    *auth.FAULTS,
    *tenants.FAULTS,
    *protocol.FAULTS,
    *deposits.FAULTS,
    *money.FAULTS,
    *pages.FAULTS,
    *cards.FAULTS,
    *recharge_settings.FAULTS,
    *recharges.FAULTS,
    *usage.FAULTS,
    *alerts.FAULTS,
    *plans.FAULTS,
    *verification.FAULTS,
    *records.FAULTS,
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in ALL}
