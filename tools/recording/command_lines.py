"""The command lines, the pytest plugin and the reference pages that are recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tools.recording.caller import Json
from tools.recording.unstable import stable
from tools.recording.workshop import Part, workshop

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


PARTS: dict[str, Part] = {
    "programs/command lines": _command_lines,
    "programs/pytest": _pytest,
    "programs/docs": _docs,
}
