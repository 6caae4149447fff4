"""The locales of Faker, for the names of invented people. Faker is loaded when they are needed."""

from __future__ import annotations

from functools import lru_cache

from mockserver.candidates import candidates

_SHOWN = 8


def locale_of(text: str) -> str | None:
    """Return the locale that a text names, such as ``de_DE`` or ``de-DE``, or None."""
    locale = text.replace("-", "_")
    return locale if locale in _locales() else None


def nearest_to(text: str) -> str:
    """Return the end of a sentence on a text that names no locale: the nearest ones."""
    return candidates(text, _locales(), _SHOWN)


@lru_cache(maxsize=1)
def _locales() -> frozenset[str]:
    from faker.config import AVAILABLE_LOCALES

    return frozenset(AVAILABLE_LOCALES)
