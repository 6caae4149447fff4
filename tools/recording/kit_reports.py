"""The reports of the kit, without times, paths and sentences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml

from tools.recording.caller import Json
from tools.recording.workshop import PORT


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
    sent = PORT.sub("URL", body + json.dumps(headers))
    digest = sha256(sent.encode()).hexdigest()[:10]
    status = entry["response"]["status"]
    return f"{request['method']} {_path(request['url'])} {entry['_account']} {digest} {status}"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def baseline_entries(path: Path) -> list[Json]:
    """Return the entries of a baseline without their reasons."""
    names = ("operation", "kind", "where", "keyword")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [{name: entry.get(name) for name in names} | {"has": sorted(entry)} for entry in entries]
