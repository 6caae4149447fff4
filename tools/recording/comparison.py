"""Compares two recordings and sorts what differs: behaviour, or only wording."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.recording import bodies
from tools.recording.caller import Json
from tools.recording.unstable import reasons
from tools.recording.values import json_changes

Group = Literal["behaviour", "wording"]

Lengths = set[tuple[str, str]]
"""Target and Content-Length of all responses with a body: what that of a HEAD may be."""

_SHOWN = 110


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in both recordings."""

    group: Group
    story: str
    label: str
    place: str
    before: Any
    after: Any

    def __str__(self) -> str:
        head = f"{self.story} | {self.label} | {self.place}"
        return f"{head}\n    before: {_short(self.before)}\n    after:  {_short(self.after)}"


def report(before: Path, after: Path, *, only: str, wording: bool, limit: int) -> int:
    """Print what differs between two files. Return 1 if the behaviour does."""
    old, new = (
        _chosen(json.loads(path.read_text(encoding="utf-8")), only) for path in (before, after)
    )
    found = list(differences(old, new))
    _print_group("behaviour", found, limit)
    if wording:
        _print_group("wording", found, limit)
    print("Left out of the comparison:")
    print("\n".join(f"- {reason}" for reason in reasons()))
    print(_table(old, new, found))
    return int(any(difference.group == "behaviour" for difference in found))


def _chosen(recording: Json, only: str) -> Json:
    stories = recording["stories"]
    return {"stories": {name: story for name, story in stories.items() if only in name}}


def _print_group(group: Group, found: list[Difference], limit: int) -> None:
    """Print one difference of each kind, and how many more there are of it."""
    kinds: dict[tuple[str, str], list[Difference]] = {}
    for difference in found:
        if difference.group == group:
            kind = (difference.story, re.sub(r"\b\d+\b", "*", difference.place))
            kinds.setdefault(kind, []).append(difference)
    for alike in list(kinds.values())[:limit]:
        more = f"\n    and {len(alike) - 1} more in this story" if len(alike) > 1 else ""
        print(f"{group}: {alike[0]}{more}")
    if len(kinds) > limit:
        print(f"{group}: {len(kinds) - limit} more kinds, see --limit")


def differences(old: Json, new: Json) -> Iterator[Difference]:
    """Yield what differs between two recordings."""
    stories = (old["stories"], new["stories"])
    lengths = _lengths(stories[0]), _lengths(stories[1])
    for name in dict.fromkeys((*stories[0], *stories[1])):
        if name not in stories[0] or name not in stories[1]:
            here, there = (name in played for played in stories)
            yield Difference("behaviour", name, "", "recorded", here, there)
            continue
        yield from _of_story(name, stories[0][name], stories[1][name], lengths)


def _of_story(
    name: str, old: Json, new: Json, lengths: tuple[Lengths, Lengths]
) -> Iterator[Difference]:
    if old["broken"] != new["broken"]:
        yield Difference(
            "behaviour", name, "", "the story ended early", old["broken"], new["broken"]
        )
    for place, before, after in json_changes(old["facts"], new["facts"]):
        yield Difference(bodies.group_of(place, before, after), name, "facts", place, before, after)
    here, there = ({each["label"]: each for each in story["exchanges"]} for story in (old, new))
    for label in dict.fromkeys((*here, *there)):
        if label not in here or label not in there:
            yield Difference("behaviour", name, label, "requested", label in here, label in there)
            continue
        for group, place, before, after in _of_exchange(here[label], there[label], lengths):
            yield Difference(group, name, label, place, before, after)


def _lengths(stories: Json) -> Lengths:
    return {
        (str(exchange["request"].get("target")), _length(exchange))
        for story in stories.values()
        for exchange in story["exchanges"]
        if exchange["request"].get("method") != "HEAD"
    }


def _length(exchange: Json) -> str:
    headers = {name.lower(): value for name, value in exchange.get("headers", [])}
    return str(headers.get("content-length", ""))


def _of_exchange(
    old: Json, new: Json, lengths: tuple[Lengths, Lengths]
) -> Iterator[tuple[Group, str, Any, Any]]:
    for part in ("request", "status", "error"):
        if old.get(part) != new.get(part):
            yield "behaviour", part, old.get(part), new.get(part)
    changes = list(bodies.changes(old, new))
    for place, before, after in changes:
        yield bodies.group_of(place, before, after), place, before, after
    reworded = bool(changes) or all(
        exchange["request"].get("method") == "HEAD"
        and (exchange["request"]["target"], _length(exchange)) in known
        for exchange, known in zip((old, new), lengths, strict=True)
    )
    yield from _of_headers(old, new, reworded=reworded)


def _of_headers(old: Json, new: Json, *, reworded: bool) -> Iterator[tuple[Group, str, Any, Any]]:
    """Compare headers exactly; the length of a body that was reworded is wording too."""
    pairs = [
        [(str(name), str(value)) for name, value in each.get("headers", [])] for each in (old, new)
    ]
    gone, come = (Counter(pairs[0]) - Counter(pairs[1])), (Counter(pairs[1]) - Counter(pairs[0]))
    for name in dict.fromkeys(name for name, _ in (*gone, *come)):
        before, after = ([value for other, value in some if other == name] for some in (gone, come))
        is_length = name.lower() == "content-length" and before and after
        group: Group = "wording" if is_length and reworded else "behaviour"
        yield group, f"header {name}", before, after
    names = [[name for name, _ in some] for some in pairs]
    if not gone and not come and names[0] != names[1]:
        yield "wording", "order of headers", names[0], names[1]


def _table(old: Json, new: Json, found: list[Difference]) -> str:
    """Return how many exchanges of which part are the same, reworded, or other than before."""
    worst: dict[tuple[str, str], Group] = {}
    for difference in found:
        key = (difference.story, difference.label)
        if worst.get(key) != "behaviour":
            worst[key] = difference.group
    rows: dict[str, Counter[str]] = {}
    for story in dict.fromkeys((*old["stories"], *new["stories"])):
        labels = {
            each["label"]
            for recording in (old, new)
            for each in recording["stories"].get(story, {"exchanges": []})["exchanges"]
        }
        keys = {(story, label) for label in labels | {"facts", ""}}
        row = rows.setdefault(story.partition("/")[0], Counter())
        row["exchanges"] += len(labels)
        row.update(worst[key] for key in keys if key in worst)
    total: Counter[str] = sum(rows.values(), Counter())
    lines = [f"{'part':32} {'exchanges':>10} {'behaviour':>10} {'wording':>10}"]
    for name, row in (*rows.items(), ("all", total)):
        lines.append(
            f"{name:32} {row['exchanges']:10,} {row['behaviour']:10,} {row['wording']:10,}"
        )
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
