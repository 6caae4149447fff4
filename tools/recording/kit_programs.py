"""The runs of the kit, and its other commands, that are recorded."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from tools.recording.caller import Caller, Json, Log
from tools.recording.kit_reports import baseline_entries, reports
from tools.recording.server import free_port, mock
from tools.recording.workshop import Part, Workshop, workshop

MUTANTS = (
    "ids-in-capitals-from-page-two",
    "promo-code-may-be-endless",
    "card-looked-up-before-the-key",
    "cards-of-all-accounts-listed",
    "allow-forgets-delete",
    "deposit-credited-twice",
)
"""One mutant of each group: response, input, auth, tenants, protocol, state."""


def _kit_on_mock(checkout: Path) -> Json:
    with workshop(checkout) as shop, mock(checkout) as port:
        flags = ("--mock", "--max-examples", "5", "--report", "junit,html,json,sarif,har")
        return _run(shop, port, *flags)


def _careful(*flags: str) -> Part:
    def part(checkout: Path) -> Json:
        with workshop(checkout) as shop, mock(checkout) as port:
            return _run(shop, port, "--max-examples", "3", "--report", "json,har", *flags)

    return part


def _kit_on_mutant(name: str) -> Part:
    def part(checkout: Path) -> Json:
        with workshop(checkout) as shop, _mutant(checkout, name) as port:
            baseline = shop.folder / "known.yaml"
            owned = ("--baseline-owner", "recorder", "--baseline-reason", "it is a mutant")
            flags = ("--max-examples", "2", "--report", "json,junit,sarif", *owned)
            facts = _run(shop, port, "--mock", *flags, "--write-baseline", str(baseline))
            if baseline.exists():
                facts["baseline"] = baseline_entries(baseline)
            return facts

    return part


def _mutant(checkout: Path, name: str) -> Any:
    return mock(checkout, ("--fault", name), module="tests.mutants")


def _run(shop: Workshop, port: int, *flags: str) -> Json:
    url = f"http://127.0.0.1:{port}"
    ended = shop.run(
        *("contract_tests", "run", url, "--seed", "1", "--quiet", "--report-dir", "reports"), *flags
    )
    return {"exit code": ended.code, **reports(shop.folder / "reports")}


def _replay(checkout: Path) -> Json:
    """Judge the traffic of a run against a mutant again."""
    with workshop(checkout) as shop:
        with _mutant(checkout, MUTANTS[0]) as port:
            flags = (
                "--mock",
                "--max-examples",
                "1",
                "--report",
                "har",
                "--phases",
                "reads,stories",
            )
            _run(shop, port, *flags)
        har = str(shop.folder / "reports" / "traffic.har")
        found: Json = {}
        for mode in ("--mock", "--strict"):
            words = ("contract_tests", "replay", har, mode, "--quiet", "--report", "json,junit")
            ended = shop.run(*words, "--report-dir", f"replayed{mode}")
            found[mode] = {"exit code": ended.code, **reports(shop.folder / f"replayed{mode}")}
        return found


def _drift(checkout: Path) -> Json:
    found: Json = {}
    for name in ("none", *MUTANTS[::2]):
        with workshop(checkout) as shop, mock(checkout) as here, _mutant(checkout, name) as there:
            urls = (f"http://127.0.0.1:{here}", f"http://127.0.0.1:{there}")
            words = ("contract_tests", "drift", *urls, "--mock", "--quiet", "--report", "json")
            ended = shop.run(*words, "--report-dir", "reports")
            found[name] = {"exit code": ended.code, **reports(shop.folder / "reports")}
    return found


def _proxy(checkout: Path) -> Json:
    """Send requests through the proxy to a mutant, and end it."""
    with workshop(checkout) as shop, _mutant(checkout, MUTANTS[0]) as upstream:
        port = free_port()
        words = ("--upstream", f"http://127.0.0.1:{upstream}", "--port", str(port), "--quiet")
        report = ("--report", "json,junit,har", "--report-dir", "reports", "--strict")
        process = shop.start("contract_tests", "proxy", *words, *report)
        log = Log({port: "22222", upstream: "00000"})
        caller = Caller(port, log, "sk_test_default")
        try:
            _wait_for(caller)
            log.exchanges.clear()
            _through_proxy(caller)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
        relayed = [[each.get("status"), each["headers"], each["body"]] for each in log.exchanges]
        return {"exit code": code, "relayed": relayed, **reports(shop.folder / "reports")}


def _wait_for(caller: Caller) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if caller.get("/nothing").status:
            return
        time.sleep(0.2)


def _through_proxy(caller: Caller) -> None:
    for view in ("balance", "invoices", "payment-methods", "recent-activity", "nothing"):
        caller.get(view)
    caller.get("recent-activity", limit=2, offset=2)
    caller.post("deposit", {"amount_cents": 5_000})
    caller.post("deposit", {"amount_cents": 1})
    caller.as_(None).get("balance")
    caller.head("balance")
    caller.get("/docs/start.js")


PARTS: dict[str, Part] = {
    "kit/mock": _kit_on_mock,
    "kit/reads only": _careful(),
    "kit/writes": _careful("--allow-writes", "--other-key-env", "OTHER_KEY"),
    **{f"kit/mutant {name}": _kit_on_mutant(name) for name in MUTANTS},
    "kit/replay": _replay,
    "kit/drift": _drift,
    "kit/proxy": _proxy,
}
