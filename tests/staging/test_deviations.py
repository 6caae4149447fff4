"""Each switch and each fault changes what it says, and a strict deployment has none of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.staging import fault_evidence, switch_evidence
from tests.staging.deviations import FAULTS, SWITCHES, Deviations
from tests.staging.probe import Probe

_EVIDENCE = switch_evidence.EVIDENCE | fault_evidence.EVIDENCE


def test_each_deviation_has_evidence() -> None:
    """Every switch and every fault has its question."""
    assert _EVIDENCE.keys() == SWITCHES.keys() | FAULTS.keys()


@pytest.mark.parametrize("name", _EVIDENCE)
def test_a_deviation_is_effective(name: str, deployment: Callable[..., Probe]) -> None:
    """A switch or a fault can be seen where it is on, and only there."""
    assert _EVIDENCE[name](deployment(name))
    assert not _EVIDENCE[name](deployment())


def test_an_unknown_name_is_refused() -> None:
    """A name that is not listed is an error."""
    with pytest.raises(ValueError, match="unknown name: rain"):
        Deviations.of(["rain"], [], [])
