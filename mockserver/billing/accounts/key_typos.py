"""Keys that are one typing error away from a persona's key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache


class KeyTypos:
    """Finds the persona's key that a misspelt key probably means.

    One letter is missing, added, replaced, or swapped with the next. A digit that is added is no
    typing error: ``sk_test_default2`` is a key that somebody chose.
    """

    def __init__(self, keys: Iterable[str], left_out: Collection[str] = ()) -> None:
        """Take the keys of the personas, and those of personas that are left out."""
        self._keys = frozenset(keys)
        self._left_out = left_out
        self._shortened: dict[str, set[str]] = {}
        for known in self._keys:
            for shortened in _shortened(known):
                self._shortened.setdefault(shortened, set()).add(known)
        self._max_length = max(map(len, self._keys), default=0) + 1
        self.meant = lru_cache(maxsize=1_024)(self._meant)
        """Returns the key that was probably meant, for a key that is left out itself.

        It is None for any other key, also a persona's.
        """

    def _meant(self, key: str) -> str | None:
        if key in self._left_out:
            return key
        if key in self._keys or len(key) > self._max_length:
            return None
        alike = set(self._shortened.get(key, ()))
        for shortened in _shortened(key):
            alike |= self._shortened.get(shortened, set()) | ({shortened} & self._keys)
        meant = (known for known in sorted(alike) if _is_one_error(key, known))
        return next((known for known in meant if _digits(known) == _digits(key)), None)


def _is_one_error(key: str, known: str) -> bool:
    """Return whether keys differ by one letter, or two neighbours; one may be a letter longer."""
    if len(key) != len(known):
        longer, shorter = sorted((key, known), key=len, reverse=True)
        return shorter in _shortened(longer)
    places = [at for at, (one, other) in enumerate(zip(key, known, strict=True)) if one != other]
    if len(places) != 2:
        return len(places) == 1
    first, second = places
    return second == first + 1 and key[first : second + 1] == known[second] + known[first]


def _shortened(key: str) -> Iterator[str]:
    """Yield a key without each of its characters."""
    return (key[:index] + key[index + 1 :] for index in range(len(key)))


def _digits(key: str) -> list[str]:
    return list(filter(str.isdigit, key))
