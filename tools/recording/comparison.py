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


def report(before: Path, after: Path, *, wording: bool = False, limit: int = 200) -> int:
    """Print what differs between two files. Return 1 if the behaviour does."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    found = list(differences(old, new))
    _print_group("behaviour", found, limit)
    if wording:
        _print_group("wording", found, limit)
    print("Left out of the comparison:")
    print("\n".join(f"- {reason}" for reason in reasons()))
    print(_table(old, new, found))
    return int(any(difference.group == "behaviour" for difference in found))


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
    for name in dict.fromkeys((*stories[0], *stories[1])):
        if name not in stories[0] or name not in stories[1]:
            here, there = (name in played for played in stories)
            yield Difference("behaviour", name, "", "recorded", here, there)
            continue
        yield from _of_story(name, stories[0][name], stories[1][name])


def _of_story(name: str, old: Json, new: Json) -> Iterator[Difference]:
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
        for group, place, before, after in _of_exchange(here[label], there[label]):
            yield Difference(group, name, label, place, before, after)


def _of_exchange(old: Json, new: Json) -> Iterator[tuple[Group, str, Any, Any]]:
    for part in ("request", "status", "error"):
        if old.get(part) != new.get(part):
            yield "behaviour", part, old.get(part), new.get(part)
    changes = list(bodies.changes(old, new))
    for place, before, after in changes:
        yield bodies.group_of(place, before, after), place, before, after
    yield from _of_headers(old, new, only_wording=bool(changes))


def _of_headers(
    old: Json, new: Json, *, only_wording: bool
) -> Iterator[tuple[Group, str, Any, Any]]:
    """Compare headers exactly; the length of a body that was reworded is wording too."""
    before, after = (Counter(map(tuple, each.get("headers", []))) for each in (old, new))
    for header in (before - after) + (after - before):
        name, _ = header
        if header in after and header in before:
            continue
        is_length = name.lower() == "content-length"
        group: Group = "wording" if is_length and only_wording else "behaviour"
        shown = f"header {name}"
        if header in before:
            values = [value for other, value in after if other == name]
            yield group, shown, header[1], values[0] if values else None
        elif not any(other == name for other, _ in before):
            yield group, shown, None, header[1]
    names = [[name for name, _ in each.get("headers", [])] for each in (old, new)]
    if before == after and names[0] != names[1]:
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
