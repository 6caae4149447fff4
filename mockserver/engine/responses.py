"""The responses of operations. Only responses that the contract allows are sent."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import orjson

from mockserver.engine.reply import Listing, encode
from mockserver.json_bytes import kept
from mockserver.openapi.contract import JSON, Contract, Operation
from mockserver.openapi.schemas import Schema, Validator

_KEPT_ITEMS = 500
"""The number of encoded items to keep for each list. They take half a MB."""
_KEPT_PAGES = 8
"""The number of encoded pages to keep for each list."""
_LIST_KEYWORDS = frozenset({"minItems", "maxItems", "uniqueItems"})


class BrokenContract(Exception):
    """A response of the mock that the contract does not allow."""


class NoResponse(BrokenContract):
    """The document allows no response at all. The message names the place in the document."""


class Responses:
    """The documented responses of one operation, each compiled when it is first needed."""

    def __init__(self, operation: Operation, contract: Contract) -> None:
        self._operation = operation
        self._contract = contract
        self._schemas: dict[int, Schema] = {}
        self._validators: dict[int, Validator] = {}
        self._items: dict[tuple[int, str], _Items] = {}
        self._arrays: dict[tuple[int, str], Schema] = {}

    def encode(self, status: int, body: Any) -> bytes:
        """Return a valid body as JSON. Raises BrokenContract for any other."""
        validator = self._validators.get(status) or self._compile(status)
        if validator is None:
            raise BrokenContract(f"status {status} is not documented with a JSON body")
        if isinstance(body, Listing):
            return self._encode_listing(status, validator, body)
        _check(validator, body, f"status {status}", "")
        return encode(body)

    def has_schema(self, status: int) -> bool:
        """Return whether the contract documents a JSON response with a status."""
        return (self._validators.get(status) or self._compile(status)) is not None

    def example(self, status: int) -> Any:
        """Return the first named example of a status; None if there is none."""
        examples = (self._media(status) or {}).get("examples", {}).values()
        return next((self._contract.follow(example).get("value") for example in examples), None)

    def _compile(self, status: int) -> Validator | None:
        """Return the validator of a status; None if no JSON response is documented."""
        media = self._media(status)
        if media is None:
            return None
        self._schemas[status] = media.get("schema", {})
        self._validators[status] = validator = self._contract.validator(
            self._schemas[status], closed=True
        )
        return validator

    def _media(self, status: int) -> Schema | None:
        response = self._contract.follow(self._operation.response(status) or {})
        media: Schema | None = response.get("content", {}).get(JSON)
        return media

    def _encode_listing(self, status: int, validator: Validator, body: Listing) -> bytes:
        """Validate and encode the items one by one, unless the schema restricts the whole list."""
        array = self._array(status, body.name)
        if not _LIST_KEYWORDS.isdisjoint(array):
            whole = {body.name: [body.render(item) for item in body.items], **body.rest}
            _check(validator, whole, f"status {status}", "")
            return encode(whole)
        items = self._items.get((status, body.name))
        if items is None:
            items = self._items[status, body.name] = _Items(
                status, validator, self._contract.validator(array["items"], closed=True)
            )
        return items.page(body)

    def _array(self, status: int, name: str) -> Schema:
        """Return the schema of a list in a response."""
        found = self._arrays.get((status, name))
        if found is None:
            follow = self._contract.follow
            found = follow(follow(self._schemas[status])["properties"][name])
            self._arrays[status, name] = found
        return found


class _Items:
    """Encoded items by identity, and encoded pages by their items.

    It keeps the items, so that no other gets the same identity.
    """

    def __init__(self, status: int, page_validator: Validator, validator: Validator) -> None:
        self._what = f"status {status}"
        self._page_validator = page_validator
        self._validator = validator
        self._kept: dict[int, orjson.Fragment] = {}
        self._items: list[object] = []
        self._pages: dict[Hashable, tuple[Sequence[object], bytes]] = {}
        """Items and encoded page, by all that is quickly compared."""

    def page(self, listing: Listing) -> bytes:
        """Return a page as valid JSON. Raises BrokenContract."""
        items = listing.items
        key = (id(items[0]) if items else 0, len(items), *listing.rest.items())
        known = self._pages.get(key)
        if known is not None and known[0] == items:  # compares the same objects at once
            return known[1]
        _check(self._page_validator, {listing.name: [], **listing.rest}, self._what, "")
        payload = kept(encode({listing.name: self._fragments(listing), **listing.rest}))
        if len(self._pages) >= _KEPT_PAGES:
            self._pages.clear()
        self._pages[key] = items, payload
        return payload

    def _fragments(self, listing: Listing) -> list[orjson.Fragment]:
        """Return all items of a page, encoded."""
        if len(self._kept) >= _KEPT_ITEMS:
            self._kept.clear()
            self._items.clear()
        for index, item in enumerate(listing.items):
            if id(item) not in self._kept:
                self._keep(item, listing, index)
        return [self._kept[place] for place in map(id, listing.items)]

    def _keep(self, item: object, listing: Listing, index: int) -> None:
        rendered: Mapping[str, Any] = listing.render(item)
        _check(self._validator, rendered, self._what, f"{listing.name}/{index}/")
        self._items.append(item)
        self._kept[id(item)] = orjson.Fragment(kept(encode(rendered)))


def _check(validator: Validator, body: Any, what: str, where: str) -> None:
    if validator.is_valid(body):
        return
    error = next(validator.iter_errors(body))
    place = "/".join(map(str, error.instance_path))
    raise BrokenContract(f"{what} breaks the contract at /{where}{place}: {error.message}")
