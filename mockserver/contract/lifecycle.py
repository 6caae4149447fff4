"""The rules of deprecation, of sunset dates (``x-sunset``) and of ``x-stability-level``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from mockserver.contract.changes import Effect
from mockserver.contract.parts import Node
from mockserver.contract.rules import Found, shown

SUNSET = "x-sunset"
STABILITY = "x-stability-level"
_LEVELS = ("draft", "alpha", "beta", "stable")


class Policy(Struct, frozen=True):
    """What a deprecation has to satisfy."""

    today: date
    deprecation_days: int = 0
    """The days that clients get between a deprecation and its sunset. With 0, none are asked."""


def deprecations(old: Node, new: Node, policy: Policy) -> Iterator[Found]:
    """Compare ``deprecated`` and the sunset date."""
    before, after = old.get("deprecated") is True, new.get("deprecated") is True
    if after and not before:
        yield _deprecated(new, policy)
    elif before and not after:
        yield Found("reactivated", Effect.COMPATIBLE, "{it} is not deprecated any more", "")
    elif after and SUNSET in old:
        yield from _moved(old, new, policy)


def _deprecated(new: Node, policy: Policy) -> Found:
    """Return the change of a part that became deprecated."""
    text, keyword = "{it} was deprecated", "deprecated"
    if SUNSET not in new:
        if policy.deprecation_days:
            text = f"{text} without a date in {SUNSET}"
            return Found("deprecated-sunset-missing", Effect.BREAKS, text, keyword)
        return Found("deprecated", Effect.COMPATIBLE, text, keyword)
    value = shown(new[SUNSET])
    sunset = day_of(new)
    if sunset is None:
        text = f"{text}, but {SUNSET} {value} is no date"
        return Found("deprecated-sunset-invalid", Effect.BREAKS, text, SUNSET)
    if (sunset - policy.today).days < policy.deprecation_days:
        text = f"{text}, but {SUNSET} {value} is too early"
        return Found("sunset-date-too-small", Effect.BREAKS, text, SUNSET)
    text = f"{text} and ends on {sunset}"
    return Found("deprecated-with-sunset", Effect.COMPATIBLE, text, keyword)


def _moved(old: Node, new: Node, policy: Policy) -> Iterator[Found]:
    """Compare the sunset dates of a part that stays deprecated."""
    if SUNSET not in new:
        text = f"the date {SUNSET} {shown(old[SUNSET])} of {{it}} was removed"
        yield Found("sunset-deleted", Effect.BREAKS, text, SUNSET, in_old=True)
        return
    before, after = day_of(old), day_of(new)
    if before is None or after is None or after >= before:
        return
    if (after - policy.today).days < policy.deprecation_days:
        text = f"{SUNSET} of {{it}} was moved from {before} to {after}, which is too early"
        yield Found("sunset-date-changed-too-small", Effect.BREAKS, text, SUNSET)


def removal(old: Node, policy: Policy, *, needs_date: bool) -> tuple[str, Effect, str]:
    """Return the end of a kind, the effect and a remark for a part that was removed.

    ``needs_date`` says that a deprecated part without a sunset date may not be removed yet if
    clients get time.
    """
    if old.get("deprecated") is not True:
        return "without-deprecation", Effect.BREAKS, ""
    if SUNSET not in old and not (needs_date and policy.deprecation_days):
        return "with-deprecation", Effect.COMPATIBLE, ", after it was deprecated"
    sunset = day_of(old)
    if sunset is None:
        return "sunset-parse", Effect.BREAKS, f", and its {SUNSET} is no date"
    if sunset > policy.today:
        return "before-sunset", Effect.BREAKS, f", before its end on {sunset}"
    return "with-deprecation", Effect.COMPATIBLE, f", after its end on {sunset}"


def stability(old: Node, new: Node) -> Iterator[Found]:
    """Compare stability levels. A part without one is stable."""
    before, after = (node.get(STABILITY, _LEVELS[-1]) for node in (old, new))
    if before == after:
        return
    if after not in _LEVELS:
        text = f"{STABILITY} {shown(after)} of {{it}} is none of {', '.join(_LEVELS)}"
        yield Found("invalid-stability-level", Effect.BREAKS, text, STABILITY)
    elif before in _LEVELS:
        is_decreased = _LEVELS.index(after) < _LEVELS.index(before)
        word = "decreased" if is_decreased else "increased"
        effect = Effect.BREAKS if is_decreased else Effect.COMPATIBLE
        text = f"the stability of {{it}} was {word} from {before} to {after}"
        yield Found(f"stability-{word}", effect, text, STABILITY)


def day_of(node: Node) -> date | None:
    """Return the sunset date of a part; None if it is no date."""
    try:
        return date.fromisoformat(str(node.get(SUNSET))[:10])
    except ValueError:
        return None
