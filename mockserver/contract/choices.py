"""The rules of choices: the schemas of ``allOf``, ``anyOf`` and ``oneOf``."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.contract import rules, types
from mockserver.contract.changes import Effect
from mockserver.contract.parts import Pair, Part
from mockserver.contract.rules import Found

CHOICES = {"allOf": "all-of", "anyOf": "any-of", "oneOf": "one-of"}
_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "default", "externalDocs", "$comment"}
)

_RESTRICTING = frozenset({"enum", "const", "pattern", "format", "minLength", "maxLength", "$ref"})


def choice(branch: Part, keyword: str, word: str) -> Found:
    """Return the change of a branch that was added or removed."""
    node = branch.followed().object
    name = branch.reference.rpartition("/")[2] if branch.reference else node.get("title", "")
    named = f"`{name}`" if name else "a schema"
    text = f"{named} was {word} {'to' if word == 'added' else 'from'} {keyword} of {{it}}"
    suffix, in_old = f"{CHOICES[keyword]}-{word}", word == "removed"
    if keyword == "allOf" and _ANNOTATIONS.issuperset(node):
        return Found(f"{suffix}-annotation-only", Effect.WORDS, text, "", in_old)
    is_narrower = (keyword == "allOf") == (word == "added")
    effect = Effect.NARROWS if is_narrower else Effect.WIDENS
    return Found(suffix, effect, text, "", in_old)


def wrapping(pair: Pair, keyword: str, *, is_beside: bool) -> Found:
    """Return the change of a schema that became a choice, or is one no more.

    ``is_beside`` says that it has the choice beside properties of its own.
    """
    is_added, name = bool(pair.new.object.get(keyword)), CHOICES[keyword]
    if is_beside:
        text = f"the {keyword} was {'added to' if is_added else 'removed from'} {{it}}"
        effect = Effect.NARROWS if is_added else Effect.WIDENS
        suffix = f"{name}-constraint-{'added' if is_added else 'removed'}"
        return Found(suffix, effect, text, keyword, in_old=not is_added)
    if not is_added:
        text = f"the {keyword} was removed from {{it}}"
        return Found(f"unwrapped-from-{name}", Effect.INCOMPARABLE, text, keyword, in_old=True)
    text = f"{{it}} is {keyword} of several schemas now"
    if not _is_among(pair.old, pair.new.get(keyword)):
        return Found(f"wrapped-in-{name}", Effect.INCOMPARABLE, text, keyword)
    text += ", the former among them"
    return Found(f"wrapped-in-{name}-original-preserved", Effect.WIDENS, text, keyword)


def aligned(pair: Pair) -> tuple[Pair, Found | None]:
    """Return two schemas with choices of one name, and the change if they had two names."""
    for before, after, effect in (
        ("oneOf", "anyOf", Effect.WIDENS),
        ("anyOf", "oneOf", Effect.NARROWS),
    ):
        old, new = (part.object for part in pair)
        is_swapped = before in old and after in new and after not in old and before not in new
        if not is_swapped or any(map(types.is_type_list, (old, new))):
            continue
        node = {before if key == after else key: value for key, value in new.items()}
        moved = {**pair.new.moved, (before,): pair.new.place(after)}
        renamed = Part(pair.new.root, node, pair.new.at, moved, pair.new.losses)
        text = f"the {before} of {{it}} became {after}"
        suffix = f"{CHOICES[before]}-became-{CHOICES[after]}"
        return Pair(pair.old, renamed), Found(suffix, effect, text, before)
    return pair, None


def open_types(branches: list[Part]) -> set[str]:
    """Return the types of which one of the branches allows all values."""
    nodes = [branch.followed().object for branch in branches]
    return {str(node["type"]) for node in nodes if "type" in node and not _RESTRICTING & {*node}}


def is_open(branch: Part, known: set[str]) -> bool:
    """Return whether another branch allows all values of the type of a branch with an enum."""
    node = branch.followed().object
    return "enum" in node and str(node.get("type")) in known


def _is_among(old: Part, choices: Part) -> bool:
    """Return whether a schema is one of the choices."""
    branches = [choices.get(index).followed() for index in range(len(choices.node))]
    return any(branch.at == old.at or branch.object == old.object for branch in branches)


def matched(old: list[Part], new: list[Part]) -> Iterable[tuple[Part | None, Part | None]]:
    """Yield the branches that belong together, and those that have no partner."""
    partners: dict[str, list[Part]] = {}
    for branch in reversed(new):
        partners.setdefault(_name(branch), []).append(branch)
    alone: list[Part] = []
    for branch in old:
        found = partners.get(_name(branch))
        if found:
            yield branch, found.pop()
        else:
            alone.append(branch)
    unmatched = {id(branch) for branches in partners.values() for branch in branches}
    left = [branch for branch in new if id(branch) in unmatched]
    inline = [branch for branch in alone if branch.reference is None]
    others = [branch for branch in left if branch.reference is None]
    pairs = [*zip(inline, others, strict=True)] if len(inline) == len(others) else []
    yield from pairs
    paired = {id(branch) for pair in pairs for branch in pair}
    yield from ((branch, None) for branch in alone if id(branch) not in paired)
    yield from ((None, branch) for branch in left if id(branch) not in paired)


def _name(branch: Part) -> str:
    """Return what identifies a branch of a choice: its reference, its title or all of it."""
    return branch.reference or str(branch.object.get("title") or rules.shown_whole(branch.node))
