"""The steps of one lifecycle, and what contradicts earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contract_tests.context import Run
from contract_tests.drivers.lifecycle_judgement import Judgement, has_warning, is_it, is_unchanged
from contract_tests.drivers.lifecycle_lists import Listed, read_list
from contract_tests.drivers.lifecycle_things import Thing, Things, Uncertain, entry_of
from contract_tests.drivers.lifecycle_values import Json, differs, thing_in
from contract_tests.findings.severity import CONTRADICTION
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.judge.response import excerpt, shown
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.distinct_bodies import Body
from contract_tests.openapi.resources import Resource

_GONE = (404, 410)
_ACCEPTED = 202
"""The status of what is done later."""
_BODY, _STATUS = "/response/body", "/response/status"


@dataclass(frozen=True)
class Sight:
    """A reading of a thing: of the thing itself, or of the list if that is all there is."""

    exchange: Exchange
    thing: Json
    """Empty if it is not shown."""
    is_gone: bool


class Lifecycle:
    """The lifecycle of one thing of a resource."""

    def __init__(self, run: Run, things: Things, resource: Resource, other: Client | None) -> None:
        self.resource = resource
        self._run = run
        self._things = things
        self._other = other
        self._judgement = Judgement(run.contract, resource)

    def play(self) -> None:
        """Play all steps. Raise Uncertain where nothing more can be concluded."""
        thing = self._things.create(self.resource)
        if thing.created.status == _ACCEPTED:
            raise Uncertain("it is created later (202)")
        if self.resource.read is None and self.resource.listing is None:
            raise Uncertain("there is no operation to read it")
        before = self._read(thing)
        self._list(thing)
        self._isolate(thing, before)
        if not thing.is_deleted:
            self._delete(thing, self._update(thing, before))

    # ---------------------------------------------------------------------------------- the reading

    def _read(self, thing: Thing) -> Json:
        """Read what was created: it is there, and as it was sent."""
        sight = self._look(thing, lambda sight: not sight.is_gone)
        if sight.is_gone and not thing.is_certain:
            raise Uncertain(f"it is not certain that '{thing.id_name}' is in its path")
        created = f"200: {thing.created.method} {thing.created.path} has created it"
        rule = "created_is_readable" if self.resource.read is not None else "created_is_listed"
        if not self._expect(not sight.is_gone, sight.exchange, _STATUS, rule, created):
            raise Uncertain("what was created cannot be read")
        if not sight.thing:
            raise Uncertain(f"the reading answers {sight.exchange.status}")
        if has_warning(thing.created, sight.exchange):
            return sight.thing
        lost = self._judgement.lost
        if any(lost(thing, sight.thing)):
            sight = self._look(thing, lambda sight: not any(lost(thing, sight.thing)))
        for name in lost(thing, sight.thing):
            sent, found = thing.body.thing[name], sight.thing.get(name)
            self._expect_value(
                sight, name, "sent_comes_back", f"{shown(sent)}, as it was sent", shown(found)
            )
        return sight.thing

    # ------------------------------------------------------------------------------------- the list

    def _list(self, thing: Thing) -> None:
        """Read the list: what was created is in it, if it is complete."""
        listing = self.resource.listing
        if listing is None or self.resource.read is None:
            return
        listed = self._listed(thing, listing, self._things.client, is_present=True)
        if entry_of(thing, listed.entries) is not None:
            return
        if doubt := listed.doubt or _doubt(thing, listed):
            self._note("list", doubt)
            return
        expected = f"an entry for {thing.id}, which was created"
        got = f"{len(listed.entries)} others"
        self._expect(False, listed.exchange, _BODY, "created_is_listed", expected, got=got)

    def _listed(
        self, thing: Thing, listing: Operation, client: Client, *, is_present: bool
    ) -> Listed:
        """Return the whole list; after a wait, if it does not have a thing, or still has it."""
        found: list[Listed] = []

        def ask() -> Exchange:
            parents = thing.parents
            listed = read_list(
                self._run.contract,
                listing,
                lambda query: self._things.call(listing, parents, query=query, client=client),
            )
            found.append(listed)
            return listed.exchange

        def is_fine(_: Exchange) -> bool:
            return (entry_of(thing, found[-1].entries) is not None) is is_present

        self._things.settled(ask, is_fine)
        return found[-1]

    # ------------------------------------------------------------------------------ another account

    def _isolate(self, thing: Thing, before: Json) -> None:
        """Read, list, change and delete it as another account, which must not succeed."""
        if self._other is None or not self.resource.create.secured:
            return
        read, listing = self.resource.read, self.resource.listing
        if read is not None and self._is_of_the_account(read):
            seen = self._things.call(read, thing.path, client=self._other)
            found = self._thing_in(thing, seen) if seen.status == 200 else {}
            self._expect_isolated(not is_it(thing, before, found), seen, "not_read_by_others")
        if listing is not None and self._is_of_the_account(listing):
            listed = self._listed(thing, listing, self._other, is_present=False)
            entry = entry_of(thing, listed.entries) or {}
            is_seen = is_it(thing, before, entry)
            self._expect_isolated(not is_seen, listed.exchange, "not_listed_for_others")
        for operation in (self.resource.update, self.resource.delete):
            if operation is not None and self._is_of_the_account(operation):
                self._write_as_other(thing, before, operation, self._other)

    def _is_of_the_account(self, operation: Operation) -> bool:
        """Return whether an operation takes the key with which a thing was created."""
        return operation.secured and operation.carriers == self.resource.create.carriers

    def _write_as_other(
        self, thing: Thing, before: Json, operation: Operation, other: Client
    ) -> None:
        """Change or delete it as another account: the owner must still see it as it was."""
        is_deletion = operation is self.resource.delete
        body = None if is_deletion else self._changed_body(thing, before)
        if thing.is_deleted or (body is None and not is_deletion):
            return
        done = self._things.call(operation, thing.path, body, client=other)
        if done.status >= 300:
            return
        own = self._look(thing, lambda _: True)
        if is_deletion:
            thing.is_deleted = own.is_gone
            self._expect_isolated(not own.is_gone, done, "not_deleted_by_others")
        elif body is not None:
            is_taken = any(
                differs(before[name], own.thing[name])
                and not differs(body.thing[name], own.thing[name])
                for name in body.plain & before.keys() & own.thing.keys()
            )
            self._expect_isolated(not is_taken, done, "not_changed_by_others")

    def _expect_isolated(self, holds: bool, exchange: Exchange, rule: str) -> None:
        expected = "404 or another refusal: it belongs to another account"
        self._expect(holds, exchange, _STATUS, rule, expected, kind="tenant")

    # ----------------------------------------------------------------------------------- the change

    def _changed_body(self, thing: Thing, before: Json) -> Body | None:
        """Return the body of a change that can be recognised; None if there is none."""
        update = self.resource.update
        if update is None:
            return None
        bodies, plain = self._things.bodies, thing.body.plain
        kept = {
            name: not value if isinstance(value, bool) and not plain else value
            for name, value in thing.body.thing.items()
            if name not in plain
        }
        if thing.id_name in before:
            kept[thing.id_name] = before[thing.id_name]
        word = bodies.word(self.resource.name, "changed", thing.id)
        body = bodies.make(update, self.resource.noun, word, kept)
        if body is not None and not self.resource.updates_by_path:
            return body if thing.id_name in body.thing else None
        if body is None or update.method != "PATCH":
            return body
        names = sorted(body.plain & before.keys())
        part = body.with_thing({name: body.thing[name] for name in names[:-1] or names})
        return part if part.thing and bodies.accepts(part) else body

    def _update(self, thing: Thing, before: Json) -> Json:
        """Change it: the change shows, and with PATCH nothing else changes."""
        update = self.resource.update
        body = self._changed_body(thing, before)
        if update is None or body is None:
            if update is not None:
                self._note("update", "no valid body is known")
            return before
        done = self._things.call(update, thing.path, body)
        if done.status >= 300 or done.status == _ACCEPTED or has_warning(done):
            self._note("update", f"the response allows no conclusion: {done.status}")
            return self._look(thing, lambda _: True).thing or before
        echo = thing_in(done.json, {*body.thing, thing.id_name})
        new_id = str(echo.get(thing.id_name) or "")
        thing.id = new_id or thing.id
        without_effect = self._judgement.without_effect
        sight = self._look(thing, lambda sight: not without_effect(body, before, echo, sight.thing))
        if sight.is_gone and not new_id:
            raise Uncertain("the change may have given it another id")
        there = "200: it was changed, and not deleted"
        self._expect(not sight.is_gone, sight.exchange, _STATUS, "changed_is_readable", there)
        for name in without_effect(body, before, echo, sight.thing):
            expected = f"{shown(body.thing[name])}: {update.method} succeeded"
            self._expect_value(sight, name, "update_has_effect", expected, shown(before[name]))
        if update.method == "PATCH":
            for name in self._judgement.not_kept(thing, body, before, sight.thing):
                expected = f"{shown(before[name])}: PATCH did not send it"
                got = shown(sight.thing[name])
                self._expect_value(sight, name, "patch_keeps_the_rest", expected, got)
        return sight.thing or before

    # --------------------------------------------------------------------------------- the deletion

    def _delete(self, thing: Thing, before: Json) -> None:
        """Delete it: it can neither be read nor listed any more."""
        delete, listing = self.resource.delete, self.resource.listing
        if delete is None:
            return
        done = self._things.call(delete, thing.path)
        if done.status >= 300 or done.status == _ACCEPTED:
            self._note("delete", f"the response allows no conclusion: {done.status}")
            return
        expected = f"404: {delete.method} answered {done.status}"
        sight = self._look(thing, lambda sight: sight.is_gone)
        is_there = bool(sight.thing)
        if is_there and not is_unchanged(before, sight.thing):
            self._note("delete", "what is deleted is shown otherwise than before")
            thing.is_deleted = True
            return
        thing.is_deleted = not is_there
        self._expect(not is_there, sight.exchange, _STATUS, "deleted_is_gone", expected)
        if listing is None or self.resource.read is None or is_there:
            return
        listed = self._listed(thing, listing, self._things.client, is_present=False)
        entry = entry_of(thing, listed.entries) or {}
        is_left = is_it(thing, before, entry) and is_unchanged(before, entry)
        rule, gone = "deleted_is_not_listed", f"no entry for {thing.id}: it was deleted"
        self._expect(not is_left, listed.exchange, _BODY, rule, gone, got=shown(entry))

    # -------------------------------------------------------------------------------------- helpers

    def _look(self, thing: Thing, is_fine: Callable[[Sight], bool]) -> Sight:
        """Read a thing; after a wait, if it is not as expected."""
        seen: list[Sight] = []

        def ask() -> Exchange:
            seen.append(self._sight(thing))
            return seen[-1].exchange

        self._things.settled(ask, lambda _: is_fine(seen[-1]))
        return seen[-1]

    def _sight(self, thing: Thing) -> Sight:
        """Read a thing, or its entry in the list. Raise Uncertain if the list has neither."""
        read, listing = self.resource.read, self.resource.listing
        if read is not None:
            exchange = self._things.call(read, thing.path)
            found = self._thing_in(thing, exchange) if exchange.status == 200 else {}
            return Sight(exchange, found, exchange.status in _GONE)
        if listing is None:
            raise Uncertain("there is no operation to read it")
        listed = read_list(
            self._run.contract,
            listing,
            lambda query: self._things.call(listing, thing.parents, query=query),
        )
        entry = entry_of(thing, listed.entries)
        doubt = listed.doubt or _doubt(thing, listed)
        if entry is None and doubt:
            raise Uncertain(f"it is not in the list: {doubt}")
        return Sight(listed.exchange, entry or {}, entry is None)

    def _thing_in(self, thing: Thing, exchange: Exchange) -> Json:
        return thing_in(exchange.json, {*thing.body.thing, *thing.echo, thing.id_name})

    def _expect_value(self, sight: Sight, name: str, rule: str, expected: str, got: str) -> None:
        self._expect(False, sight.exchange, f"{_BODY}/{name}", rule, expected, got=got)

    def _expect(
        self,
        holds: bool,
        exchange: Exchange,
        where: str,
        rule: str,
        expected: str,
        *,
        got: str = "",
        kind: str = "state",
    ) -> bool:
        got = got or f"{exchange.status}: {excerpt(exchange, 80)}"
        return self._run.expect(
            holds, exchange, kind, where, rule, expected, got, nature=CONTRADICTION
        )

    def _note(self, step: str, why: str) -> None:
        self._run.skip(f"lifecycle of {self.resource.name}, {step}", why)


def _doubt(thing: Thing, listed: Listed) -> str:
    """Return why it is not certain that an entry can be recognised; empty if it is."""
    if has_warning(thing.created):
        return "the response to its creation has a warning"
    names = {*thing.body.thing, thing.id_name}
    if listed.entries and not any(
        thing.id_name in thing_in(entry, names) for entry in listed.entries
    ):
        return "the entries do not have the property that names a thing"
    return "" if thing.is_certain else "it is not certain how entries are named"
