"""A run in shards does each piece of work once, and finds what the whole run finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests.shard import Portion, Shard
from tests.contract_kit import faulty
from tests.contract_kit.program import kit

PIECES = [f"piece_{number}" for number in range(29)]
COUNT = 4
QUICK = "reads,boundaries,keys,protocol,tenants"
SMALL = ("--mock", "--max-examples", "2", "--quiet", "--report", "json", "--phases")


@pytest.mark.parametrize("driver", ["boundaries", "tenants", "stateful"])
@pytest.mark.parametrize("count", [1, 2, 4, 7, 40])
def test_every_piece_is_in_exactly_one_shard(driver: str, count: int) -> None:
    """The shards are of about the same size, and the same in every run."""
    shares = [Portion(Shard(number, count)).of(driver, PIECES) for number in range(1, count + 1)]
    assert sorted(piece for share in shares for piece in share) == sorted(PIECES)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_long_pieces_are_in_different_shards() -> None:
    """The state machine, the tenants and the stateful phase take a shard each."""
    owners = {
        name: [number for number in range(1, 5) if Portion(Shard(number, 4)).of(name, [name])]
        for name in ("tenants", "machine", "stateful")
    }
    assert sorted(owners.values()) == [[2], [3], [4]]


@pytest.mark.parametrize(
    "text", ["", "0/4", "5/4", "1", "1/4/2", "a/b", "-1/4", "1/0", "1/999", "1/4x"]
)
def test_a_wrong_shard_is_refused(text: str) -> None:
    """The message says how it is written."""
    with faulty.mock() as mock:
        refused = kit("run", mock.url, "--mock", f"--shard={text}")
    assert refused.code == 2
    assert refused.error_line.startswith("--shard must be a shard such as 1/4, at most 256 of them")


def report(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def combined(response: faulty.Response) -> None:
    """Apply several faults of different drivers."""
    faulty.text_for_number(response)
    faulty.header_missing(response)
    faulty.crash(response)
    faulty.unauthenticated_accepted(response)
    faulty.has_more_always(response)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "phases"), [("", QUICK), ("combined", f"{QUICK},properties")])
def test_the_shards_together_are_the_whole(
    fault: str, phases: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merged, they have the findings, the causes and the coverage of one run."""
    monkeypatch.setitem(faulty.FAULTS, "combined", combined)
    parts = [tmp_path / str(number) for number in range(1, COUNT + 1)]
    with faulty.mock(fault) as mock:
        whole = kit("run", mock.url, *SMALL, phases, "--report-dir", tmp_path / "whole")
        for number, folder in enumerate(parts, 1):
            shard = ("--shard", f"{number}/{COUNT}", "--report-dir", folder)
            done = kit("run", mock.url, *SMALL, phases, *shard)
            assert done.code in (0, 1), done.err
    files = [folder / "report.json" for folder in parts]
    merged = kit("merge", *files, "--report", "json", "--report-dir", tmp_path / "all")
    assert merged.code == whole.code == (1 if fault else 0), merged.out
    one, all = report(tmp_path / "whole"), report(tmp_path / "all")
    assert {finding["key"] for finding in all["findings"]} == {
        finding["key"] for finding in one["findings"]
    }
    assert {cause["key"] for cause in all["causes"]} == {cause["key"] for cause in one["causes"]}
    for operation, united in zip(
        one["coverage"]["operations"], all["coverage"]["operations"], strict=True
    ):
        for name in ("missing", "untried", "tried_valid", "tried_invalid", "why"):
            assert united[name] == operation[name], (operation["operation"], name)
    assert all["coverage"]["totals"] == one["coverage"]["totals"]
    assert all["notes"] == ["merged from 4 reports"]


def test_every_driver_divides_its_work(tmp_path: Path) -> None:
    """A shard beyond all pieces sends nothing but the requests of the preflight."""
    words = ("--mock", "--shard", "250/256", "--report", "json", "--report-dir", tmp_path)
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, *words)
    assert outcome.code == 0
    called = [
        operation
        for operation in report(tmp_path)["coverage"]["operations"]
        if operation["statuses"]
    ]
    assert called == []


def test_a_shard_without_work_passes(tmp_path: Path) -> None:
    """More shards than pieces are no mistake of the deployment."""
    words = ("--mock", "--only", "get_balance", "--phases", "tenants", "--shard", "1/4")
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, *words, "--report", "json", "--report-dir", tmp_path)
    assert outcome.code == 0
    assert "shard 1/4: the rest of the work is in the other shards" in outcome.out
    assert report(tmp_path)["settings"]["shard"] == "1/4"
