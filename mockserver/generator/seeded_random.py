"""The only source of randomness while a value is generated, and access to Faker's providers."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mockserver.generator.errors import NoValue

if TYPE_CHECKING:
    from faker import Faker

DEFAULT_LOCALE = "en_US"

Provider = Callable[..., Any]

_USED_HERE = [
    f"faker.providers.{name}" for name in ("address", "company", "internet", "lorem", "person")
]


class SeededRandom:
    """All randomness comes from here, so the same seed produces the same value."""

    def __init__(self, locale: str = DEFAULT_LOCALE) -> None:
        self._locale = locale
        self.random = Random()  # noqa: S311 (invented data, no secrets)

    def reseed(self, seed: int) -> None:
        """Restart from a seed, independent of everything generated before."""
        self.random.seed(seed)

    @cached_property
    def fake(self) -> Faker:
        """Faker with the providers that guesses use. It is loaded on first use."""
        return self._faker(_USED_HERE)

    @cached_property
    def _every(self) -> Faker:
        """Faker with all its providers. Loading is slow, so it happens only for ``x-faker``."""
        return self._faker(None)

    def _faker(self, providers: list[str] | None) -> Faker:
        # Importing Faker takes a tenth of the start-up time, and most servers never use it.
        from faker import Faker

        faker = Faker(self._locale, use_weighting=False, providers=providers)
        # All Fakers share one random number generator, so seeding it seeds them all.
        for factory in faker.factories:
            factory.random = self.random
        return faker

    def provider(self, hint: Any) -> Provider:
        """Return the provider that an ``x-faker`` hint names. Raise NoValue.

        A hint is a provider's name, or an object with the name as its only key and the arguments as
        the value.
        """
        name, arguments = (
            next(iter(hint.items())) if isinstance(hint, dict) and len(hint) == 1 else (hint, None)
        )
        if not isinstance(name, str) or not isinstance(arguments, dict | list | None):
            raise NoValue(
                "x-faker must be a Faker provider's name, "
                f"alone or with its arguments, not {hint!r}"
            )
        method = None if name.startswith(("_", "seed")) else getattr(self._every, name, None)
        if not callable(method):
            raise NoValue(
                f"x-faker names {name!r}, which is not a Faker provider{self._near(name)}"
            )
        try:
            method(**arguments) if isinstance(arguments, dict) else method(*(arguments or ()))
        except Exception as error:
            raise NoValue(
                f"x-faker: {name} does not accept {arguments!r}: {_first_line(error)}"
            ) from error
        if isinstance(arguments, dict):
            return lambda: as_json(method(**arguments))
        return lambda: as_json(method(*(arguments or ())))

    def _near(self, name: str) -> str:
        known = [method for method in dir(self._every.factories[0]) if not method.startswith("_")]
        near = difflib.get_close_matches(name, [method for method in known if method != name], 1)
        return f": did you mean {near[0]!r}?" if near else ""


def as_json(value: Any) -> Any:
    """Convert a provider's result to plain JSON types."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((as_json(item) for item in value), key=repr)
    return next((write(value) for kind, write in _WRITTEN if isinstance(value, kind)), value)


_WRITTEN: list[tuple[type, Provider]] = [
    (datetime, lambda value: value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"),
    (date, date.isoformat),
    (time, time.isoformat),
    (Decimal, float),
    (UUID, str),
    (timedelta, str),
    (bytes, lambda value: value.decode("latin-1")),
]
"""Conversions for types that JSON lacks. ``datetime`` comes first because it is also a ``date``."""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
