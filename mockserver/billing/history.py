"""Long append-only lists in little memory: all but the newest items are packed.

Ledger, usage log and audit log only grow and are never cut. Old items are seldom read, so blocks of
64 are compressed to a tenth of their size.
"""

from __future__ import annotations

import pickle
import zlib
from array import array
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, chain, repeat
from operator import attrgetter, floordiv, sub
from typing import Any, TypeVar, overload

Item = TypeVar("Item")

BLOCK = 64
"""The number of items in a packed block."""
NEWEST = 96
"""The maximum number of unpacked items; a page of the newest 20 never needs unpacking."""
_UNPACKED_BLOCKS = 32
"""The number of unpacked blocks in the cache that all histories share (about 1 MB)."""
_LEVEL = 3
"""Level 6 saves 2 % of the memory and takes a quarter longer."""
_WINDOW_BITS, _MEMORY_LEVEL = -13, 5
"""Enough for a block of 10 kB. zlib's defaults take 256 kB each time and fragment memory."""
_START, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class History(MutableSequence[Item]):
    """A list of structs of one type. Appending and reading the newest cost what a list costs.

    Any other change unpacks the whole list. Only tests change it, to break an account.
    """

    __slots__ = ("_blocks", "_newest", "_packed")

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._blocks: list[bytes] = []
        """Packed blocks of ``BLOCK`` items each, oldest first."""
        self._packed = 0
        """The number of items in the blocks."""
        self._newest: list[Item] = list(items)
        self._pack_oldest()

    def copy(self) -> History[Item]:
        """Return a history of the same items. Packed blocks are shared."""
        copied: History[Item] = History()
        copied._blocks, copied._packed = self._blocks.copy(), self._packed
        copied._newest = self._newest.copy()
        return copied

    @property
    def newest(self) -> Sequence[Item]:
        """The newest items, oldest first; empty only if there are none at all."""
        return self._newest

    def append(self, value: Item) -> None:
        """Append an item."""
        self._newest.append(value)
        if len(self._newest) > NEWEST:
            self._pack_oldest()

    def __len__(self) -> int:
        return self._packed + len(self._newest)

    def __iter__(self) -> Iterator[Item]:
        return chain(chain.from_iterable(_read(block) for block in self._blocks), self._newest)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return self._cut(index)
        newest = self._newest
        if -len(newest) <= index < 0:
            return newest[index]
        place = range(len(self))[index]
        packed = self._packed
        return (
            newest[place - packed]
            if place >= packed
            else _read(self._blocks[place // BLOCK])[place % BLOCK]
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        self._all_unpacked()[index] = value

    def __delitem__(self, index: int | slice) -> None:
        del self._all_unpacked()[index]

    def clear(self) -> None:
        """Remove all items."""
        self._all_unpacked().clear()

    def insert(self, index: int, value: Item) -> None:
        """Insert an item."""
        self._all_unpacked().insert(index, value)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, History | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"History({list(self)!r})"

    def _cut(self, index: slice) -> list[Item]:
        """Return the items of a slice; only the blocks that it touches are unpacked."""
        places = range(len(self))[index]
        if not places:
            return []
        first, last = min(places[0], places[-1]), max(places[0], places[-1])
        packed = self._packed
        if first >= packed:
            start = packed
            items: list[Item] = self._newest
        else:
            start = first // BLOCK * BLOCK
            items = list(
                chain.from_iterable(map(_read, self._blocks[first // BLOCK : last // BLOCK + 1]))
            )
            items += self._newest
        if places.step == 1:
            return items[first - start : last + 1 - start]
        return [items[place - start] for place in places]

    def _pack_oldest(self) -> None:
        """Pack the oldest items in blocks until at most ``NEWEST`` are unpacked."""
        while len(self._newest) > NEWEST:
            self._blocks.append(_pack(self._newest[:BLOCK]))
            self._packed += BLOCK
            del self._newest[:BLOCK]

    def _all_unpacked(self) -> list[Item]:
        self._newest = list(self)
        self._blocks.clear()
        self._packed = 0
        return self._newest


def _pack(items: list[Any]) -> bytes:
    """Pack items of one type column by column, since similar values compress better together."""
    kind = type(items[0])
    values = attrgetter(*kind.__struct_fields__)
    columns = [_without_moments(column) for column in zip(*map(values, items), strict=True)]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return packer.compress(pickle.dumps((kind, columns))) + packer.flush()


@lru_cache(maxsize=_UNPACKED_BLOCKS)
def _read(block: bytes) -> tuple[Any, ...]:
    """Unpack a block. While it is cached, the same objects are returned each time."""
    plain = zlib.decompress(block, _WINDOW_BITS)
    kind, columns = pickle.loads(plain)  # noqa: S301 (our own bytes, which never leave the process)
    return tuple(map(kind, *map(_with_moments, columns)))


def _without_moments(column: tuple[Any, ...]) -> tuple[Any, ...] | array[int]:
    """Turn a column of UTC datetimes into steps in microseconds; return any other unchanged."""
    if not all(isinstance(value, datetime) and value.tzinfo is UTC for value in column):
        return column
    steps = map(sub, column, (_START, *column))
    return array("q", map(floordiv, steps, repeat(_TICK)))


def _with_moments(column: tuple[Any, ...] | array[int]) -> Iterable[Any]:
    if not isinstance(column, array):
        return column
    return (_START + ticks * _TICK for ticks in accumulate(column))
