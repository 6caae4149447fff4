"""The kit's verdict on a deployment of which it knows nothing: what QA would decide."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contract_tests import settling
from contract_tests.findings.result import Result
from contract_tests.reports.document import document
from contract_tests.runner import run_once
from contract_tests.settings import Settings, packaged_spec
from tests.staging.deviations import NOISE, SWITCHES

MAX_HEADLINES = 12


@contextmanager
def staging(name: str) -> Iterator[dict[str, str]]:
    """Run the deployment with a deviation in a process; yield its URL and keys."""
    kind = "switch" if name in SWITCHES else "noise" if name.partition("=")[0] in NOISE else "fault"
    command = [sys.executable, "-m", "tests.staging", "--port", "0", f"--{kind}", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield dict(process.stdout.readline().split() for _ in range(5))
        finally:
            process.terminate()


def verdict(name: str, *phases: str, **fields: Any) -> Result:
    """Return the result of a run against the deployment with a deviation."""
    with staging(name) as told:
        settings = Settings(
            told["url"],
            packaged_spec(),
            allow_irreversible=True,
            other_key_env="OTHER",
            phases=phases,
            settle=0.5,
            environment={"BILLING_API_KEY": told["key"], "OTHER": told["other-key"]},
            **fields,
        )
        return run_once(settings, is_quiet=True)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the journal out of the checkout."""
    monkeypatch.setenv("PYTHONPATH", str(packaged_spec().parent.parent))
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain_fastapi", "published_fields"])
def test_a_legal_deviation_passes(name: str) -> None:
    """A correct deployment that differs has no failure, and few headlines."""
    result = verdict(name, "reads", "boundaries", "tenants")
    assert result.failures == []
    assert result.outcome == "passed"
    assert 0 < len(document(result)["causes"]) <= MAX_HEADLINES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "note"),
    [("lag=0.2", "the deployment lags"), ("gateway_502=5", "502 from a gateway")],
)
def test_noise_is_a_note(name: str, note: str) -> None:
    """Noise on the way, and a replica that lags, are no failures."""
    result = verdict(name, "reads", "boundaries", "tenants")
    assert result.failures == []
    assert sum(note in text for text in result.notes) == 1


@pytest.mark.slow
def test_an_account_in_use_is_a_note() -> None:
    """Charges that nobody in the run made are one note, and contradict nothing."""
    result = verdict("live_account=1", "reads", "keys", "reads", only=("balance", "usage"))
    assert result.failures == []


@pytest.mark.slow
def test_an_account_in_use_is_read_again_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run does not look for a quiet moment for ever, and says what it left open."""
    monkeypatch.setattr(settling, "MAX_QUIET_MOMENTS", 0)
    result = verdict("live_account=0.2", "reads", "keys", "reads", only=("balance", "usage"))
    assert result.failures == []
    assert any("were not read again" in note for note in result.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "phases", "kind"),
    [
        ("pages_skip", ("reads",), "pagination"),
        ("put_not_stored", ("reads", "boundaries"), "state"),
        ("invoices_cached_by_path", ("reads", "tenants"), "tenant"),
        ("two_defaults", ("races",), "story"),
    ],
)
def test_a_fault_fails_the_run(name: str, phases: tuple[str, ...], kind: str) -> None:
    """A fault about money, data or writes is critical, and fails the run."""
    result = verdict(name, *phases)
    assert result.outcome == "failed"
    assert kind in {finding.kind for finding in result.failures if finding.severity == "critical"}
