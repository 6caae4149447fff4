"""Compares two versions of a contract: operations, security, components and what they are called.

Operations belong together by method and path, whatever path parameters are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from mockserver.contract import lifecycle, losses, provenance, rules, security, servers
from mockserver.contract.changes import Change, Direction, Effect, Severity
from mockserver.contract.lifecycle import Policy
from mockserver.contract.messages import SENT, MessageComparison
from mockserver.contract.parts import WHOLE, Pair, Part
from mockserver.contract.rules import Found
from mockserver.contract.schema_comparison import SchemaComparison, Scope
from mockserver.openapi import paths, reader
from mockserver.openapi.reader import Reading

_NEITHER = Direction.REQUEST
"""The direction of what is neither request nor response."""


def compare(old: Path, new: Path, policy: Policy, *, allow_remote: bool = False) -> list[Change]:
    """Return what changed between two documents. Raise FileError if one cannot be read."""
    return changes_between(*readings(old, new, allow_remote=allow_remote), policy)


def readings(old: Path, new: Path, *, allow_remote: bool = False) -> tuple[Reading, Reading]:
    """Return two documents with their problems. Raise FileError if one cannot be read."""
    before, after = (reader.read(path, allow_remote=allow_remote) for path in (old, new))
    return before, after


def changes_between(old: Reading, new: Reading, policy: Policy) -> list[Change]:
    """Return what changed, with file, line and provenance."""
    pair = Pair(*(Part(root, root, ()) for root in losses.documents(old, new))).known()
    found = [*_Comparison(pair, SchemaComparison(policy)).run(), *losses.changes(old, new)]
    return provenance.located(found, old, new)


class _Operation(Struct):
    """One operation of a document."""

    title: str
    part: Part
    item: Part

    @property
    def lacks_parameters(self) -> bool:
        """Whether a parameter could not be read."""
        return "parameters" in self.item.losses | self.part.losses

    def parameters(self) -> dict[tuple[str, str], Part]:
        """Return the parameters by place and name. A path parameter's name is its position."""
        names = paths.TEMPLATE.findall(str(self.item.at[1]))
        found = {}
        for owner in (self.item, self.part):
            for index in range(len(owner.object.get("parameters") or ())):
                part = owner.get("parameters", index).followed()
                place, name = str(part.object.get("in")), str(part.object.get("name"))
                key = str(names.index(name)) if place == "path" and name in names else name
                found[place, key.lower() if place == "header" else key] = part
        return found


class _Comparison(Struct):
    pair: Pair
    schemas: SchemaComparison
    _called: set[str] = field(default_factory=set)
    """References to what callbacks call in both documents: they are not reported as webhooks."""

    def run(self) -> list[Change]:
        """Return all changes, without their lines."""
        self._document()
        old, new = (_operations(part) for part in self.pair)
        for key, operation in old.items():
            if key in new:
                self._operation(operation, new[key])
            elif not _is_lost(self.pair.new, operation):
                is_whole = all(other[1] != key[1] for other in new)
                self._removed(operation, is_whole=is_whole)
        for key, operation in new.items():
            if key not in old and not _is_lost(self.pair.old, operation):
                found = Found("", Effect.COMPATIBLE, "{it} was added", "")
                self._add(operation.title, found, Pair(operation.part, operation.part), "api-added")
        self._webhooks(self.pair, "webhooks", "")
        found_changes = self.schemas.changes()
        return [*found_changes, *self._version(found_changes)]

    # ------------------------------------------------------------------------------- operations

    def _removed(self, operation: _Operation, *, is_whole: bool) -> None:
        node, part = operation.part.object, operation.part
        suffix, effect, remark = lifecycle.removal(node, self.schemas.policy, needs_date=True)
        kind = "api-path" if is_whole else "api"
        end = suffix if suffix == "sunset-parse" else f"removed-{suffix}"
        found = Found("", effect, f"{{it}} was removed{remark}", "", in_old=True)
        self._add(operation.title, found, Pair(part, part), f"{kind}-{end}")

    def _operation(self, old: _Operation, new: _Operation) -> None:
        pair, title = Pair(old.part, new.part).known(), new.title
        messages = MessageComparison(self.schemas, title)
        lost = [operation.lacks_parameters for operation in (old, new)]
        messages.parameters(old.parameters(), new.parameters(), lost)
        messages.body(pair.get("requestBody"))
        messages.responses(pair)
        self._callbacks(pair, title)
        if old.part.object == new.part.object and old.item.object == new.item.object:
            return
        before, after = (part.object for part in pair)
        policy = self.schemas.policy
        for found in (
            *lifecycle.deprecations(before, after, policy),
            *lifecycle.stability(before, after),
            *_names(pair),
            *(found for rule in rules.WORD_RULES for found in rule(before, after)),
        ):
            self._add(title, found, pair, f"api-{found.suffix}")
        self._own_servers((old, new), title)
        if "security" in before or "security" in after:
            effective = (part.object.get("security", part.root.get("security")) for part in pair)
            for found in security.requirements(*effective):
                self._add(title, found, pair, f"api-{found.suffix}")

    def _callbacks(self, pair: Pair, title: str) -> None:
        """Compare what the server sends to a URL of the client."""
        for name in pair.names("callbacks")[2]:
            inner = pair.get("callbacks", name).followed()
            for url in inner.old.object.keys() & inner.new.object.keys():
                call = inner.get(url)
                self._called |= {str(part.reference) for part in call}
                self._sent(call.followed(), f"{title} callback {name}")
        self._webhooks(pair, "callbacks", title)

    def _webhooks(self, pair: Pair, keyword: str, title: str) -> None:
        removed, added, kept = pair.names(keyword)
        word = keyword.removesuffix("s")
        for names, is_added in ((removed, False), (added, True)):
            for name in names:
                inner = pair.get(keyword, name)
                if inner[is_added].reference in self._called:
                    continue
                verb = "added" if is_added else "removed"
                effect = Effect.COMPATIBLE if is_added else Effect.BREAKS
                found = Found("", effect, f"the {word} `{name}` was {verb}", "", not is_added)
                self._add(title or name, found, inner, f"{word}-{verb}")
        for name in kept if keyword == "webhooks" else ():
            self._sent(pair.get(keyword, name).followed(), f"webhook {name}")

    def _sent(self, pair: Pair, title: str) -> None:
        for method in paths.METHODS:
            if all(method in part.object for part in pair):
                messages = MessageComparison(self.schemas, title)
                messages.body(pair.get(method, "requestBody"), SENT, "body")

    # --------------------------------------------------------------------------------- document

    def _document(self) -> None:
        pair = self.pair
        security_pair = (part.object.get("security") for part in pair)
        for found in security.requirements(*security_pair):
            self._add("", found, pair, f"api-global-{found.suffix}", it="all operations")
        for name, found in security.schemes(pair):
            inner = pair.get("components", "securitySchemes", name)
            kind = f"api-security-component-{found.suffix}"
            self._add("", found, inner.followed(), kind, it=f"`{name}`")
        for name in pair.get("components").names("schemas")[0]:
            inner = pair.get("components", "schemas", name)
            found = Found("", Effect.WORDS, f"the schema `{name}` was removed", "", in_old=True)
            self._add("", found, inner, "api-schema-removed")
        self._servers(self.pair)
        info = pair.get("info")
        for rule in rules.WORD_RULES:
            for found in rule(info.old.object, info.new.object):
                self._add("", found, info, f"api-{found.suffix}", it="the document")
        old, new = (str(part.object.get("version")) for part in info)
        if old != new:
            text = f"the version was changed from {old} to {new}"
            found = Found("", Effect.WORDS, text, "version")
            self._add("", found, info, "api-version-changed")
        self._tags()

    def _tags(self) -> None:
        """Compare the tags that are described, and their words."""
        old, new = (_tags_of(part) for part in self.pair)
        for names, parts in ((old.keys() - new.keys(), old), (new.keys() - old.keys(), new)):
            verb = "removed" if parts is old else "added"
            for name in names:
                text = f"the description of the tag `{name}` was {verb}"
                found = Found("", Effect.WORDS, text, "", in_old=parts is old)
                both = Pair(parts[name], parts[name])
                self._add("", found, both, f"api-tag-declaration-{verb}")
        for name in old.keys() & new.keys():
            both = Pair(old[name], new[name])
            for rule in rules.WORD_RULES:
                for found in rule(both.old.object, both.new.object):
                    kind = f"api-tag-{found.suffix}"
                    self._add("", found, both, kind, it=f"the tag `{name}`")

    def _servers(self, pair: Pair, title: str = "") -> None:
        """Compare the servers of the document, or of an operation."""
        start = f"the operation {title}: " if title else ""
        for found in servers.changes(*(part.object for part in pair)):
            named = found._replace(text=f"{start}{found.text}")
            self._add(title, named, pair, f"api-server-{found.suffix}")

    def _own_servers(self, operations: Sequence[_Operation], title: str) -> None:
        """Compare the servers of an operation if one of the documents has its own for it."""
        parts = [
            next((part for part in (found.part, found.item) if "servers" in part.object), root)
            for found, root in zip(operations, self.pair, strict=True)
        ]
        if any(part not in self.pair for part in parts):
            self._servers(Pair(*parts), title)

    def _version(self, changes: list[Change]) -> Iterator[Change]:
        """Compare the version with what the changes ask for, if it has the form 1.2.3."""
        if not any(change.severity is Severity.BREAKING for change in changes):
            return
        texts = [str(part.get("info", "version").node or "") for part in self.pair]
        numbers = [text.removeprefix("v").split(".") for text in texts]
        if not all(len(parts) == 3 and all(map(str.isdigit, parts)) for parts in numbers):
            return
        old, new = ([*map(int, parts)] for parts in numbers)
        problem = ""
        if new == old:
            kind, problem = "api-version-not-bumped", f"the version is still {texts[1]}"
        elif new < old:
            kind = "api-version-decreased"
            problem = f"the version decreased from {texts[0]} to {texts[1]}"
        elif new[0] == old[0] > 0:
            kind = "api-major-version-not-bumped"
            problem = f"the major version did not increase, from {texts[0]} to {texts[1]}"
        if problem:
            text = f"There are breaking changes, but {problem}."
            yield Change(kind, Severity.EDITORIAL, text, ("info", "version"), keyword="version")

    def _add(self, title: str, found: Found, pair: Pair, kind: str, it: str = "") -> None:
        scope = Scope(_NEITHER, "api", "", f"operation {title}", "")
        if it:
            found = found._replace(text=found.text.replace("{it}", it))
        unit = self.schemas.unit(title)
        self.schemas.add(unit, found, pair, scope, kind)


def _operations(root: Part) -> dict[tuple[str, str], _Operation]:
    """Return the operations of a document by method and path without parameter names."""
    found = {}
    for path, method, _, _ in paths.operations(root.object):
        item = root.get("paths", path)
        key = (method, paths.TEMPLATE.sub("{}", path))
        found[key] = _Operation(f"{method.upper()} {path}", item.get(method), item)
    return found


def _is_lost(root: Part, operation: _Operation) -> bool:
    """Return whether an operation of the other document could not be read in this one."""
    _, path, method = operation.part.at[:3]
    lost = root.get("paths").losses, root.get("paths", path).losses
    return path in lost[0] or bool(lost[1] & {method, WHOLE})


def _tags_of(root: Part) -> dict[str, Part]:
    """Return the tags that a document describes, by name."""
    parts = [root.get("tags", index) for index in range(len(root.object.get("tags") or ()))]
    return {str(part.object.get("name")): part for part in parts}


def _names(pair: Pair) -> Iterator[Found]:
    """Compare operationId and tags."""
    yield from _operation_ids(pair)
    tags = [part.object.get("tags") or [] for part in pair]
    for tag in rules.missing(tags[0], tags[1]):
        text = f"the tag '{tag}' was removed from {{it}}"
        yield Found("tag-removed", Effect.WORDS, text, "tags", in_old=True)
    for tag in rules.missing(tags[1], tags[0]):
        yield Found("tag-added", Effect.WORDS, f"the tag '{tag}' was added to {{it}}", "tags")


def _operation_ids(pair: Pair) -> Iterator[Found]:
    """Compare operationIds, from which clients make names. The reader makes missing ones."""
    keyword = "operationId"
    names = [str(part.object.get(keyword)) for part in pair]
    before, after = (
        None if name == paths.name_of(str(part.at[2]), str(part.at[1])) else name
        for name, part in zip(names, pair, strict=True)
    )
    if before == after:
        return
    if before is None:
        text = f"the operationId '{after}' of {{it}} was added"
        yield Found("operation-id-added", Effect.WORDS, text, keyword)
    elif after is None:
        text = f"the operationId '{before}' of {{it}} was removed"
        yield Found("operation-id-removed", Effect.BREAKS, text, keyword, in_old=True)
    else:
        text = f"the operationId of {{it}} was changed from '{before}' to '{after}'"
        yield Found("operation-id-changed", Effect.BREAKS, text, keyword)
