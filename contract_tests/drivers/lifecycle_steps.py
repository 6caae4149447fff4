"""The steps of one lifecycle, and what contradicts earlier ones."""

from __future__ import annotations

from typing import Any

from contract_tests.context import Run
from contract_tests.drivers.lifecycle_lists import Listed, read_list
from contract_tests.drivers.lifecycle_things import Thing, Things, Uncertain, entry_of
from contract_tests.drivers.lifecycle_values import Json, differs, is_same_thing, thing_in
from contract_tests.findings.severity import CONTRADICTION
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.judge.response import excerpt, shown
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.distinct_bodies import Body, is_plain
from contract_tests.openapi.resources import Resource, fields_of, response_schema

_GONE = (404, 410)
_ACCEPTED = 202
"""The status of what is done later."""
_LONG_ID = 12
"""Characters of an id that no two accounts have by chance."""


class Lifecycle:
    """The lifecycle of one thing of a resource."""

    def __init__(self, run: Run, things: Things, resource: Resource, other: Client | None) -> None:
        self.resource = resource
        self._run = run
        self._things = things
        self._other = other
        fields = dict(
            fields_of(run.contract, response_schema(run.contract, resource.read))
            if resource.read is not None
            else ()
        )
        self._read_only = {name for name, place in fields.items() if place.node.get("readOnly")}
        self._plain = {name for name, place in fields.items() if is_plain(name, place)}
        self._declared = fields.keys()

    def play(self) -> None:
        """Play all steps. Raise Uncertain where nothing more can be concluded."""
        thing = self._things.create(self.resource)
        if thing.created.status == _ACCEPTED:
            raise Uncertain("it is created later (202)")
        before = self._read(thing)
        self._list(thing)
        self._isolate(thing, before)
        if thing.is_deleted:
            return
        before = self._update(thing, before)
        self._delete(thing, before)

    # ---------------------------------------------------------------------------------- the reading

    def _read(self, thing: Thing) -> Json | None:
        """Read what was created: it is there, and as it was sent."""
        if self.resource.read is None:
            return None
        exchange = self._ask(thing, lambda found: found.status not in _GONE)
        if exchange.status in _GONE and not thing.is_certain:
            raise Uncertain(f"it is not certain that '{thing.id_name}' is in its path")
        if not self._expect(
            exchange.status not in _GONE,
            exchange,
            "/response/status",
            "created_is_readable",
            f"200: {thing.created.method} {thing.created.path} has created it",
        ):
            raise Uncertain("what was created cannot be read")
        if exchange.status != 200:
            raise Uncertain(f"the reading answers {exchange.status}: {excerpt(exchange, 80)}")
        found = self._thing_in(thing, exchange)
        if self._is_unclear(thing.created, exchange):
            return found
        wrong = self._lost(thing, found)
        if wrong:
            exchange = self._ask(
                thing, lambda later: not self._lost(thing, self._thing_in(thing, later))
            )
            found = self._thing_in(thing, exchange)
            for name in self._lost(thing, found):
                self._expect(
                    False,
                    exchange,
                    f"/response/body/{name}",
                    "sent_comes_back",
                    f"{shown(thing.body.thing[name])}, as it was sent",
                    got=shown(found.get(name)),
                )
        return found

    def _lost(self, thing: Thing, found: Json) -> list[str]:
        """Return the properties that were sent, and certainly come back otherwise."""
        lost = []
        for name, sent in thing.body.thing.items():
            if (
                name in self._read_only
                or name == thing.id_name
                or not self._is_shown(name, found, thing)
            ):
                continue
            is_confirmed = name in thing.echo and not differs(sent, thing.echo[name])
            is_expected = name in self._plain and name in thing.body.plain
            if (is_confirmed or is_expected) and differs(sent, found.get(name)):
                lost.append(name)
        return lost

    def _is_shown(self, name: str, found: Json, thing: Thing) -> bool:
        """Return whether a reading must show a property: it does, or the creation showed it."""
        return name in found or (name in self._declared and name in thing.echo)

    # ------------------------------------------------------------------------------------- the list

    def _list(self, thing: Thing) -> None:
        """Read the list: what was created is in it, if it is complete."""
        listing = self.resource.listing
        if listing is None:
            return
        listed = self._listed(thing, listing, self._things.client, present=True)
        if entry_of(thing, listed.entries) is not None:
            return
        doubt = listed.doubt or self._doubt(thing, listed)
        if doubt:
            self._note("list", doubt)
            return
        self._expect(
            False,
            listed.exchange,
            "/response/body",
            "created_is_listed",
            f"an entry for {thing.id}, which was created",
            got=f"{len(listed.entries)} others",
        )

    def _doubt(self, thing: Thing, listed: Listed) -> str:
        """Return why it is not certain that an entry can be recognised; empty if it is."""
        if self._is_unclear(thing.created) or thing.created.status == _ACCEPTED:
            return "the response to its creation has a warning"
        if listed.entries and not any(self._has_id(thing, entry) for entry in listed.entries):
            return "the entries do not have the property that names a thing"
        return "" if thing.is_certain else "it is not certain how entries are named"

    def _has_id(self, thing: Thing, entry: Json) -> bool:
        return thing.id_name in thing_in(entry, {*thing.body.thing, thing.id_name})

    def _listed(self, thing: Thing, listing: Operation, client: Client, *, present: bool) -> Listed:
        """Return the whole list; after a wait, if it does not have a thing, or still has it."""

        def ask() -> Exchange:
            nonlocal listed
            listed = read_list(
                self._run.contract,
                listing,
                lambda query: self._things.call(listing, thing.parents, query=query, client=client),
            )
            return listed.exchange

        listed: Listed
        self._things.settled(
            ask, lambda _: (entry_of(thing, listed.entries) is not None) is present
        )
        return listed

    # ------------------------------------------------------------------------------ another account

    def _isolate(self, thing: Thing, before: Json | None) -> None:
        """Read, list, change and delete it as another account, which must not succeed."""
        read, create, other = self.resource.read, self.resource.create, self._other
        if other is None or read is None or not (read.secured and create.secured):
            return
        if read.carriers != create.carriers or before is None:
            return
        seen = self._things.call(read, thing.path, client=other)
        found = self._thing_in(thing, seen) if seen.status == 200 else {}
        self._expect_isolated(not self._is_it(thing, before, found), seen, "not_read_by_others")
        listing = self.resource.listing
        if listing is not None and listing.carriers == create.carriers and listing.secured:
            listed = self._listed(thing, listing, other, present=False)
            entry = entry_of(thing, listed.entries) or {}
            is_it = self._is_it(thing, before, entry)
            self._expect_isolated(not is_it, listed.exchange, "not_listed_for_others")
        self._write_as_other(thing, before, other)

    def _write_as_other(self, thing: Thing, before: Json, other: Client) -> None:
        """Change and delete it as another account: the owner must still see it as it was."""
        for operation in (self.resource.update, self.resource.delete):
            if operation is None or operation.carriers != self.resource.create.carriers:
                continue
            body = self._changed_body(thing, before) if operation.body is not None else None
            if operation.body is not None and body is None:
                continue
            arguments = (body.value,) if body is not None else ()
            done = self._things.call(operation, thing.path, *arguments, client=other)
            if done.status >= 300:
                continue
            own = self._ask(thing, lambda _: True)
            now = self._thing_in(thing, own) if own.status == 200 else {}
            thing.is_deleted = own.status in _GONE
            if operation is self.resource.delete:
                self._expect_isolated(not thing.is_deleted, done, "not_deleted_by_others")
            elif body is not None:
                is_taken = any(
                    name in now
                    and differs(before.get(name), now[name])
                    and not differs(body.thing[name], now[name])
                    for name in body.plain & before.keys()
                )
                self._expect_isolated(not is_taken, done, "not_changed_by_others")

    def _is_it(self, thing: Thing, before: Json, found: Json) -> bool:
        """Return whether an account sees the very thing of another one, and not one of its own."""
        if not found or (thing.id_name and str(found.get(thing.id_name)) != thing.id):
            return False
        sent = [name for name in thing.body.plain if isinstance(thing.body.thing[name], str)]
        if any(name in before for name in sent):
            return is_same_thing(before, found, sent)
        return len(thing.id) >= _LONG_ID

    def _expect_isolated(self, holds: bool, exchange: Exchange, rule: str) -> None:
        self._run.expect(
            holds,
            exchange,
            "tenant",
            "/response/status",
            rule,
            "404 or another refusal: it is another account's",
            f"{exchange.status}: {excerpt(exchange, 80)}",
            nature=CONTRADICTION,
        )

    # ----------------------------------------------------------------------------------- the change

    def _changed_body(self, thing: Thing, before: Json) -> Body | None:
        """Return the body of a change that can be recognised; None if there is none."""
        update = self.resource.update
        if update is None or update.body is None:
            return None
        bodies = self._things.bodies
        kept = {
            name: not value if isinstance(value, bool) and not thing.body.plain else value
            for name, value in thing.body.thing.items()
            if name not in thing.body.plain
        }
        if thing.id_name in before:
            kept[thing.id_name] = before[thing.id_name]
        body = bodies.make(update, bodies.word(self.resource.name, "changed", thing.id), kept)
        if body is None or update.method != "PATCH":
            return body
        names = sorted(body.plain & before.keys())
        part = body.with_thing({name: body.thing[name] for name in names[:-1] or names})
        return part if part.thing and bodies.accepts(update, part.value) else body

    def _update(self, thing: Thing, before: Json | None) -> Json | None:
        """Change it: the change shows, and with PATCH nothing else changes."""
        update = self.resource.update
        if update is None or before is None:
            return before
        body = self._changed_body(thing, before)
        if body is None:
            self._note("update", "no valid body is known")
            return before
        done = self._things.call(update, thing.path, body.value)
        if done.status >= 300 or done.status == _ACCEPTED or self._is_unclear(done):
            self._note("update", f"the response allows no conclusion: {done.status}")
            return self._now(thing, before)
        echo = thing_in(done.json, {*body.thing, thing.id_name})
        exchange = self._ask(
            thing, lambda later: not self._without_effect(thing, body, before, echo, later)
        )
        if not self._is_there(exchange):
            return before
        for name in self._without_effect(thing, body, before, echo, exchange):
            self._expect(
                False,
                exchange,
                f"/response/body/{name}",
                "update_has_effect",
                f"{shown(body.thing[name])}: {update.method} succeeded",
                got=shown(before[name]),
            )
        now = self._thing_in(thing, exchange)
        if update.method == "PATCH":
            self._others_stay(thing, body, before, now, exchange)
        return now

    def _without_effect(
        self,
        thing: Thing,
        body: Body,
        before: Json,
        echo: Json,
        later: Exchange,
    ) -> list[str]:
        """Return the properties that certainly should have changed, and did not."""
        if later.status != 200:
            return []
        now = self._thing_in(thing, later)
        changed = [
            name
            for name, value in body.thing.items()
            if name in before and name != thing.id_name and differs(before[name], value)
        ]
        lasting = [name for name in changed if name in now and not differs(before[name], now[name])]
        confirmed = [
            name for name in lasting if name in echo and not differs(body.thing[name], echo[name])
        ]
        expected = [name for name in changed if name in body.plain and name in self._plain]
        is_ignored = bool(expected) and all(name in lasting for name in expected)
        return confirmed or (expected[:1] if is_ignored else [])

    def _others_stay(
        self, thing: Thing, body: Body, before: Json, now: Json, exchange: Exchange
    ) -> None:
        """Check that a PATCH has changed nothing that it did not send."""
        for name in sorted(thing.body.plain & self._plain & before.keys() - body.thing.keys()):
            self._expect(
                name not in now or not differs(before[name], now[name]),
                exchange,
                f"/response/body/{name}",
                "patch_keeps_the_rest",
                f"{shown(before[name])}: PATCH did not send it",
                got=shown(now.get(name)),
            )

    def _now(self, thing: Thing, before: Json) -> Json:
        exchange = self._ask(thing, lambda _: True)
        return self._thing_in(thing, exchange) if exchange.status == 200 else before

    # --------------------------------------------------------------------------------- the deletion

    def _delete(self, thing: Thing, before: Json | None) -> None:
        """Delete it: it can neither be read nor listed any more."""
        delete = self.resource.delete
        if delete is None:
            return
        done = self._things.call(delete, thing.path)
        if done.status >= 300 or done.status == _ACCEPTED:
            self._note("delete", f"the response allows no conclusion: {done.status}")
            return
        thing.is_deleted = True
        expected = f"404: {delete.method} answered {done.status}"
        if self.resource.read is not None and before is not None:
            exchange = self._ask(thing, lambda found: found.status in _GONE)
            if exchange.status == 200 and not self._is_unchanged(thing, before, exchange):
                self._note("delete", "what is deleted is shown otherwise than before")
                return
            thing.is_deleted = exchange.status != 200
            self._expect(
                exchange.status != 200, exchange, "/response/status", "deleted_is_gone", expected
            )
        if self.resource.listing is None or before is None:
            return
        listed = self._listed(thing, self.resource.listing, self._things.client, present=False)
        entry = entry_of(thing, listed.entries)
        self._expect(
            entry is None or not self._is_it(thing, before, entry) or self._is_marked(thing, entry),
            listed.exchange,
            "/response/body",
            "deleted_is_not_listed",
            f"no entry for {thing.id}: {delete.method} answered {done.status}",
            got=shown(entry),
        )

    def _is_unchanged(self, thing: Thing, before: Json, exchange: Exchange) -> bool:
        now = self._thing_in(thing, exchange)
        return not any(
            differs(before.get(name), now.get(name)) for name in before.keys() | now.keys()
        )

    # -------------------------------------------------------------------------------------- helpers

    def _ask(self, thing: Thing, is_fine: Any) -> Exchange:
        """Read it; after a wait, if it is not as expected."""
        read = self.resource.read
        if read is None:
            raise Uncertain("it cannot be read")
        return self._things.settled(lambda: self._things.call(read, thing.path), is_fine)

    def _thing_in(self, thing: Thing, exchange: Exchange) -> Json:
        return thing_in(exchange.json, {*thing.body.thing, *thing.echo, thing.id_name})

    def _is_unclear(self, *exchanges: Exchange) -> bool:
        """Return whether a response has a warning: something was not done as it was sent."""
        return any(
            "warning" in name.lower()
            for exchange in exchanges
            for name, _ in exchange.response_headers
        )

    def _is_there(self, exchange: Exchange) -> bool:
        return (
            self._expect(
                exchange.status not in _GONE,
                exchange,
                "/response/status",
                "changed_is_readable",
                "200: it was changed, and not deleted",
            )
            and exchange.status == 200
        )

    def _expect(
        self,
        holds: bool,
        exchange: Exchange,
        where: str,
        rule: str,
        expected: str,
        *,
        got: str = "",
    ) -> bool:
        got = got or f"{exchange.status}: {excerpt(exchange, 80)}"
        return self._run.expect(
            holds, exchange, "state", where, rule, expected, got, nature=CONTRADICTION
        )

    def _note(self, step: str, why: str) -> None:
        self._run.skip(f"lifecycle of {self.resource.name}, {step}", why)
