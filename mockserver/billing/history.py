"""Long lists of things that never change once written, kept small: all but the newest items are packed.

A ledger, a usage log and an audit log are the truth and only ever grow, so nothing of them is dropped. An item that
was written long ago is seldom read: 64 of them together are one piece of bytes, a tenth of their size.
"""

from __future__ import annotations

import pickle
import zlib
from array import array
from collections.abc import Iterable, Iterator, MutableSequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import Any, TypeVar, overload

Item = TypeVar("Item")

BLOCK = 64
"""How many items are packed together."""
NEWEST = 96
"""How many items are kept as they are, at most; a page of the newest 20 is never packed."""
_UNPACKED_BLOCKS = 32
"""How many blocks, of all histories, stay unpacked after they were read (some 1 MB)."""
_WINDOW_BITS, _MEMORY_LEVEL = -13, 5
"""A block is some 10 kB. By default zlib would take 256 kB for a moment each time, and leave the memory in pieces."""
_START, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class History(MutableSequence[Item]):
    """A list of dataclasses of one type in order of writing. To append and to read the newest costs what a list costs.

    It can be changed as any list can, which tests do to break it; then all of it is unpacked.
    """

    __slots__ = ("_blocks", "_newest", "_packed")

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._blocks: list[bytes] = []
        """Of ``BLOCK`` items each."""
        self._packed = 0
        """How many items are in the blocks."""
        self._newest: list[Item] = list(items)
        self._pack_oldest()

    def append(self, value: Item) -> None:
        """Write one more."""
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
        """Forget everything."""
        self._all_unpacked().clear()

    def insert(self, index: int, value: Item) -> None:
        """Write one in between."""
        self._all_unpacked().insert(index, value)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, History | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"History({list(self)!r})"

    def _cut(self, index: slice) -> list[Item]:
        """The items of a slice; only the blocks that it touches are read."""
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
        """Pack whole blocks of the oldest that are not packed, until no more than ``NEWEST`` are left."""
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
    """Items of one type as bytes, field by field: what is alike stands together."""
    kind = type(items[0])
    values = attrgetter(*(each.name for each in fields(kind)))
    columns = [_without_moments(column) for column in zip(*map(values, items), strict=True)]
    packer = zlib.compressobj(6, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return packer.compress(pickle.dumps((kind, columns))) + packer.flush()


@lru_cache(maxsize=_UNPACKED_BLOCKS)
def _read(block: bytes) -> tuple[Any, ...]:
    """The items of a block: the same objects each time, for as long as it is among those that were read last."""
    plain = zlib.decompress(block, _WINDOW_BITS)
    kind, columns = pickle.loads(plain)  # noqa: S301 (our own bytes, that never leave the process)
    return tuple(map(kind, *map(_with_moments, columns)))


def _without_moments(column: tuple[Any, ...]) -> tuple[Any, ...] | array[int]:
    """A column of moments in UTC as steps from one to the next, in microseconds; any other as it is."""
    if not all(isinstance(each, datetime) and each.tzinfo is UTC for each in column):
        return column
    steps = (after - before for before, after in pairwise((_START, *column)))
    return array("q", [step // _TICK for step in steps])


def _with_moments(column: tuple[Any, ...] | array[int]) -> Iterable[Any]:
    if not isinstance(column, array):
        return column
    return (_START + ticks * _TICK for ticks in accumulate(column))
