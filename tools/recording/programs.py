"""Runs programs of a checkout: the kit, its commands, pytest, the command lines."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml

from tools.recording.caller import Caller, Json, Log
from tools.recording.server import environment, free_port, mock, python
from tools.recording.unstable import stable

MUTANTS = (
    "ids-in-capitals-from-page-two",
    "promo-code-may-be-endless",
    "card-looked-up-before-the-key",
    "cards-of-all-accounts-listed",
    "allow-forgets-delete",
    "deposit-credited-twice",
)
"""One mutant of each group: response, input, auth, tenants, protocol, state."""

_PATIENCE = 1_200
_KEYS = {"BILLING_API_KEY": "sk_test_recorded_4711", "OTHER_KEY": "sk_test_recorded_0815"}
"""Keys that no sentence of the mock names: the kit would take that for a leak."""
_PORT = re.compile(r"127\.0\.0\.1:\d+")
_FOLDER = re.compile(r"/[\w./-]*/recording-\w+")


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Workshop:
    """A checkout, and a folder in which its programs run."""

    checkout: Path
    folder: Path

    def run(self, *words: str, **variables: str) -> Ended:
        """Run a module of the checkout: ``python -m WORDS``."""
        done = subprocess.run(
            [python(self.checkout), "-m", *words],
            cwd=self.folder,
            env=self._environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a module of the checkout and return its process."""
        return subprocess.Popen(
            [python(self.checkout), "-m", *words],
            cwd=self.folder,
            env=self._environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        return {**environment(), "PYTHONPATH": str(self.checkout), **_KEYS, **variables}


@contextmanager
def workshop(checkout: Path) -> Iterator[Workshop]:
    """Yield an empty folder for the programs of a checkout."""
    with TemporaryDirectory(prefix="recording-") as folder:
        yield Workshop(checkout, Path(folder))


Part = Callable[[Path], Json]
"""Runs programs of a checkout and returns what is known of them."""


def without_places(value: Any, checkout: Path) -> Any:
    """Return facts without the ports and folders of this run."""
    if isinstance(value, dict):
        return {name: without_places(item, checkout) for name, item in value.items()}
    if isinstance(value, list):
        return [without_places(item, checkout) for item in value]
    if isinstance(value, str):
        named = _FOLDER.sub("FOLDER", _PORT.sub("URL", value))
        return named.replace(str(checkout), "CHECKOUT")
    return value


def parts() -> dict[str, Part]:
    """Return what is recorded of the programs, by name."""
    mutants = {f"kit/mutant {name}": _kit_on_mutant(name) for name in MUTANTS}
    return {
        "programs/command lines": _command_lines,
        "programs/pytest": _pytest,
        "programs/docs": _docs,
        "kit/mock": _kit_on_mock,
        "kit/reads only": _careful(),
        "kit/writes": _careful("--allow-writes", "--other-key-env", "OTHER_KEY"),
        **mutants,
        "kit/replay": _replay,
        "kit/drift": _drift,
        "kit/proxy": _proxy,
    }


# ------------------------------------------------------------------------------ the kit


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
                facts["baseline"] = _baseline(baseline)
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


# --------------------------------------------------------------------------- the reports


def reports(folder: Path) -> Json:
    """Return what stands in the reports of a folder, without times, paths and sentences."""
    readers: dict[str, Callable[[Path], Any]] = {
        "report.json": _report,
        "drift.json": _drift_report,
        "report.sarif": lambda path: {"structure": _structure(json.loads(path.read_text()))},
        "junit.xml": _junit,
        "traffic.har": _traffic,
    }
    files = sorted(path.name for path in folder.glob("*")) if folder.exists() else []
    found: Json = {"files": files}
    return found | {name: readers[name](folder / name) for name in files if name in readers}


def _report(path: Path) -> Json:
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        "structure": _structure(document),
        "settings": document["settings"],
        "requests": document["requests"],
        "verdict": {key: document["verdict"][key] for key in ("outcome", "exit_code")},
        "counts": document["counts"],
        "findings": {finding["key"]: _finding(finding) for finding in document["findings"]},
        "coverage": _sentences_apart(document["coverage"]),
        "skipped": _sentences_apart(document["skipped"]),
        "withheld": _sentences_apart(document["withheld"]),
        "broken": document["broken"],
        "notes": [{"message": str(note)} for note in document["notes"]],
    }


def _finding(finding: Json) -> Json:
    kept = {key: finding[key] for key in ("grade", "provenance", "times", "found_by", "witnesses")}
    steps = [[step["method"], _path(step["url"]), step["status"]] for step in finding["steps"]]
    return {
        **kept,
        "spec": finding["spec"]["pointer"],
        "title": finding["title"],
        "expected": {"message": str(finding["expected"])},
        "got": {"message": str(finding["got"])},
        "steps": steps,
    }


def _drift_report(path: Path) -> Json:
    document = json.loads(path.read_text(encoding="utf-8"))
    sides = ("mock", "staging")
    kept = ("schema_version", "seed", "compared", "requests", "unseen")
    return {
        "structure": _structure(document),
        **{name: document[name] for name in kept},
        "verdict": {key: document["verdict"][key] for key in ("outcome", "exit_code")},
        "differences": [
            {
                **{
                    name: value
                    for name, value in found.items()
                    if name not in ("spec", "curl", *sides)
                },
                "suggestion": {"message": found["suggestion"]},
                "spec": found["spec"]["pointer"],
                "seen": {name: {"message": str(found[name])} for name in sides},
            }
            for found in document["differences"]
        ],
        "reasons": {
            "message": json.dumps([document[name] for name in ("not_compared", "withheld")])
        },
        "counts": [sorted(document[name].values()) for name in ("not_compared", "withheld")],
        "notes": {"message": json.dumps(document["notes"])},
    }


def _sentences_apart(value: Any) -> Any:
    """Return a value whose reasons count as wording."""
    if isinstance(value, dict):
        return {
            key: {"message": json.dumps(item)} if key == "why" else _sentences_apart(item)
            for key, item in value.items()
        }
    return [_sentences_apart(item) for item in value] if isinstance(value, list) else value


def _structure(value: Any) -> list[str]:
    """Return the places of a document, without the numbers of items and the names of headers."""
    found: set[str] = set()

    def walk(node: Any, place: str) -> None:
        found.add(f"{place}: {type(node).__name__}")
        if isinstance(node, list):
            for item in node:
                walk(item, f"{place}/*")
        elif isinstance(node, dict):
            free = place.endswith(("/headers", "/body", "/statuses", "/why"))
            for name, item in node.items():
                if not free:
                    walk(item, f"{place}/{name}")

    walk(value, "")
    return sorted(found)


def _junit(path: Path) -> Json:
    cases = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        outcome = sorted(child.tag for child in case)
        cases.append([case.get("classname"), case.get("name"), outcome])
    return {"cases": cases}


def _traffic(path: Path) -> Json:
    """Return the requests of a HAR file, counted, with the status of their responses."""
    entries = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
    counts = Counter(_shown(entry) for entry in entries)
    return {
        "structure of an entry": _structure({**entries[0], "_number": 1}),
        "entries": len(entries),
        "by source": dict(sorted(Counter(entry["_source"] for entry in entries).items())),
        "requests": dict(sorted(counts.items())),
    }


def _shown(entry: Json) -> str:
    request = entry["request"]
    body = json.dumps(request.get("postData", {}).get("text"))
    headers = sorted((header["name"], header["value"]) for header in request["headers"])
    sent = _PORT.sub("URL", body + json.dumps(headers))
    digest = sha256(sent.encode()).hexdigest()[:10]
    status = entry["response"]["status"]
    return f"{request['method']} {_path(request['url'])} {entry['_account']} {digest} {status}"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _baseline(path: Path) -> list[Json]:
    names = ("operation", "kind", "where", "keyword")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [{name: entry.get(name) for name in names} | {"has": sorted(entry)} for entry in entries]


# ---------------------------------------------------------------------- the command lines

_COMMANDS = (
    ("mockserver",),
    ("mockserver", "serve"),
    ("mockserver", "docs"),
    *(
        ("contract_tests", *command)
        for command in ((), ("run",), ("replay",), ("proxy",), ("drift",), ("cleanup",))
    ),
    ("tests.mutants",),
)
_WRONG = (
    ("mockserver", "--port", "x"),
    ("mockserver", "--port", "99999"),
    ("mockserver", "--now", "x"),
    ("mockserver", "--seed", "x"),
    ("mockserver", "--spec", "nothing.yaml"),
    ("mockserver", "--fixtures", "nothing"),
    ("mockserver", "--faults", "nothing"),
    ("mockserver", "--log-level", "x"),
    ("mockserver", "--unknown"),
    ("mockserver", "nothing"),
    ("mockserver", "docs", "--spec", "nothing.yaml"),
    ("contract_tests",),
    ("contract_tests", "nothing"),
    ("contract_tests", "run"),
    ("contract_tests", "run", "x"),
    ("contract_tests", "run", "http://127.0.0.1:1"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--mock"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--only", "nothing"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--phases", "nothing"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--baseline", "nothing.yaml"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--report", "nothing"),
    ("contract_tests", "run", "http://127.0.0.1:1", "--api-key-env", "NOT_SET"),
    ("contract_tests", "replay", "nothing.har"),
    ("contract_tests", "drift", "http://127.0.0.1:1", "http://127.0.0.1:2"),
    ("contract_tests", "cleanup", "nothing.journal"),
    ("tests.mutants", "--fault", "nothing"),
)


def _command_lines(checkout: Path) -> Json:
    found: Json = {}
    with workshop(checkout) as shop:
        for words in _COMMANDS:
            ended = shop.run(*words, "--help")
            found[" ".join((*words, "--help"))] = {
                "exit code": ended.code,
                "flags": sorted(set(re.findall(r"--[a-z][a-z-]*", _options(ended.out)))),
                "variables": sorted(set(re.findall(r"\bMOCKSERVER_[A-Z_]+", ended.out))),
            }
        for words in _WRONG:
            ended = shop.run(*words)
            found[" ".join(words)] = {
                "exit code": ended.code,
                "lines": [len(ended.out.splitlines()), len(ended.err.splitlines())],
                "sentence": {"message": stable(ended.err)},
            }
        listed = shop.run("tests.mutants", "--list").out.splitlines()
        found["mutants"] = sorted(line.rpartition("\t")[0] for line in listed)
    return found


def _options(text: str) -> str:
    """Return the lines of a help text that begin with a flag."""
    return "\n".join(line for line in text.splitlines() if re.match(r"\s+-", line))


# --------------------------------------------------------------------------------- pytest

_PLUGIN_TEST = """
import inspect, json, pytest

@pytest.mark.billing_mock(persona="new", now="2026-03-01")
def test_surface(billing_mock, billing_mock_url):
    import mockserver.testing
    seen = {"billing_mock": sorted(n for n in dir(billing_mock) if not n.startswith("_"))}
    for name in seen["billing_mock"]:
        member = inspect.getattr_static(type(billing_mock), name, None)
        if inspect.isfunction(member):
            seen[name] = str(inspect.signature(member))
    seen["module"] = sorted(mockserver.testing.__all__)
    seen["key"] = billing_mock.api_key
    seen["now"] = str(billing_mock.now)
    seen["headers"] = dict(billing_mock.headers)
    seen["same server"] = billing_mock_url == billing_mock.url
    billing_mock.use("light", 10)
    billing_mock.advance(days=1)
    billing_mock.fail_next("get_balance", status=503)
    seen["faults"] = [vars_of(fault) for fault in billing_mock.faults]
    seen["state"] = billing_mock.state
    seen["invariants"] = billing_mock.invariants()
    print("SEEN" + json.dumps(seen, default=str, sort_keys=True))

def vars_of(value):
    return {name: str(getattr(value, name)) for name in dir(value) if not name.startswith("_")
            and not callable(getattr(value, name))}

def test_own_key(billing_mock):
    print("KEY" + billing_mock.api_key)

def test_refusal(billing_mock):
    billing_mock.complete_checkout("cs_test_nothing")
"""


def _pytest(checkout: Path) -> Json:
    """Use the plugin as a user's test does, and collect the kit's tests."""
    with workshop(checkout) as shop:
        (shop.folder / "test_plugin.py").write_text(_PLUGIN_TEST, encoding="utf-8")
        (shop.folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        ended = shop.run("pytest", "-q", "-s", "-p", "no:cacheprovider", "test_plugin.py")
        shown = re.search(r"SEEN(.*)", ended.out)
        keys = re.search(r"KEY(\S+)", ended.out)
        help = shop.run("pytest", "--help").out
        collected = shop.run("pytest", "--collect-only", "-q", "--pyargs", "contract_tests").out
        return {
            "exit code": ended.code,
            "surface": json.loads(shown[1]) if shown else ended.out,
            "key": keys[1] if keys else None,
            "error": re.findall(r"^E +(?:\w+\.)*(\w+Error)", ended.out, re.MULTILINE),
            "settings": sorted(set(re.findall(r"billing_mock_\w+", help))),
            "markers": sorted(re.findall(r"mark\.(\w+)", shop.run("pytest", "--markers").out)),
            "tests of the kit": [line for line in collected.splitlines() if "::" in line],
        }


def _docs(checkout: Path) -> Json:
    found: Json = {}
    with workshop(checkout) as shop:
        for name, flags in {
            "all": (),
            "published": ("--provenance", "documented", "--examples", "placeholder"),
            "html": ("--format", "html"),
        }.items():
            ended = shop.run("mockserver", "docs", "--out", name, *flags)
            again = shop.run("mockserver", "docs", "--out", name, *flags, "--check")
            files = sorted(path.name for path in (shop.folder / name).glob("*"))
            found[name] = {"exit code": ended.code, "check": again.code, "files": files}
        stale = shop.folder / "all" / "reference.md"
        stale.write_text("stale\n", encoding="utf-8")
        found["stale"] = shop.run("mockserver", "docs", "--out", "all", "--check").code
    return found
