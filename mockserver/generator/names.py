"""Plausible values by the name of a property: ``email``, ``cityName``, ``amount_cents``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from mockserver.generator import formats
from mockserver.generator.seeded_random import SeededRandom

Guess = Callable[[SeededRandom], Any]

_CENTS_IN_MICROCENTS = 1_000_000
_CURRENCIES = ["USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD"]
_COUNTRIES = ["US", "DE", "FR", "GB", "CH", "JP", "CA", "NL", "SE", "AU"]
_LANGUAGES = ["en", "de", "fr", "es", "it", "ja", "nl"]
_ZONES = ["UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"]
_BRANDS = ["visa", "mastercard", "amex", "discover"]
_COLORS = ["red", "green", "blue", "orange", "purple", "black", "white"]
_STATES = ["active", "pending", "done"]


def snake_case(name: str) -> str:
    """Return a name in snake case: ``createdAt`` and ``created-at`` become ``created_at``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def singular(name: str) -> str:
    """Return the singular of a name: the items of ``emails`` are named ``email``."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


@lru_cache(maxsize=2048)
def string_guess(name: str) -> Guess | None:
    """Return a maker of strings for a property with that name, or None."""
    return _first(_TEXTS, snake_case(name))


@lru_cache(maxsize=2048)
def number_guess(name: str) -> Guess | None:
    """Return a maker of numbers for a property with that name, or None."""
    return _first(_NUMBERS, snake_case(name))


def _first(table: list[tuple[str, Guess]], name: str) -> Guess | None:
    """Return the guess of the first expression that matches the last words of a name."""
    # The expressions are compiled here: compiling all of them at start-up took 30 ms.
    return next((guess for words, guess in table if _pattern(words).search(name)), None)


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(f"(?:^|_)(?:{words})$")


def _sample(format: str) -> Guess:
    return formats.samples(format)[0]


def _choice(values: list[str]) -> Guess:
    return lambda seeded: seeded.random.choice(values)


def _between(least: int, most: int, times: int = 1) -> Guess:
    return lambda seeded: seeded.random.randint(least, most) * times


def _real(least: float, most: float, digits: int) -> Guess:
    return lambda seeded: round(seeded.random.uniform(least, most), digits)


def _display(seeded: SeededRandom) -> str:
    return f"${seeded.random.randint(1, 2_000):,}.{seeded.random.randint(0, 99):02d}"


def _image(seeded: SeededRandom) -> str:
    return f"https://images.example.com/{seeded.fake.word()}.png"


def _file(seeded: SeededRandom) -> str:
    return f"{seeded.fake.word()}.{seeded.random.choice(['pdf', 'csv', 'png', 'txt'])}"


# The first match wins, so specific names come before general ones.
_TEXTS: list[tuple[str, Guess]] = [
    ("first_name|given_name|forename", lambda seeded: seeded.fake.first_name()),
    ("last_name|surname|family_name", lambda seeded: seeded.fake.last_name()),
    (
        "user_?name|login|handle|nick_?name",
        lambda seeded: seeded.fake.first_name().lower() + str(seeded.random.randint(1, 99)),
    ),
    ("host_?name|domain(_name)?|host", _sample("hostname")),
    ("(file|path)_?name|file|attachment", _file),
    (
        "(company|organi[sz]ation|employer|merchant|vendor|business)(_name)?",
        lambda seeded: seeded.fake.company(),
    ),
    ("(city|town)(_name)?", lambda seeded: seeded.fake.city()),
    ("country_code|country", _choice(_COUNTRIES)),
    ("country_name|nationality", lambda seeded: seeded.fake.country()),
    ("state|province|region|county", lambda seeded: seeded.fake.state()),
    ("e?mail(_address)?|recipient", _sample("email")),
    (
        "(tele)?phone(_?number)?|mobile|fax",
        lambda seeded: f"+1555{seeded.random.randint(0, 9_999_999):07d}",
    ),
    (
        "street(_address)?|address(_line_?\\d?)?|line_?[12]",
        lambda seeded: seeded.fake.street_address(),
    ),
    ("zip(_?code)?|post(al)?_?code", lambda seeded: f"{seeded.random.randint(1_000, 99_999):05d}"),
    (
        "(display|full|account|holder|customer|author|owner|contact|person)_?name"
        "|author|owner|cardholder",
        lambda seeded: seeded.fake.name(),
    ),
    ("[a-z]+_name", lambda seeded: f"{seeded.fake.word()} {seeded.fake.word()}".title()),
    ("name", lambda seeded: seeded.fake.name()),
    ("currency(_code)?", _choice(_CURRENCIES)),
    ("(avatar|image|picture|photo|logo|icon|thumbnail)(_ur[il])?", _image),
    ("ur[il]|href|link|website|homepage|web_?site|redirect|callback|endpoint", _sample("uri")),
    ("uuid|guid", _sample("uuid")),
    ("(ip|ip_address|remote_addr|ipv4)", _sample("ipv4")),
    (
        "created|updated|deleted|modified|timestamp|[a-z0-9]+_(at|on|time)|date_?time",
        _sample("date-time"),
    ),
    ("date|day|birthday|dob|since|until|[a-z]+_(from|to)", _sample("date")),
    ("time", _sample("time")),
    ("time_?zone|tz", _choice(_ZONES)),
    ("locale|language|lang", _choice(_LANGUAGES)),
    ("brand", _choice(_BRANDS)),
    ("last_?4", lambda seeded: f"{seeded.random.randint(0, 9_999):04d}"),
    ("colou?r", _choice(_COLORS)),
    ("display", _display),
    ("status", _choice(_STATES)),
    (
        "version",
        lambda seeded: (
            f"{seeded.random.randint(0, 9)}.{seeded.random.randint(0, 20)}"
            f".{seeded.random.randint(0, 9)}"
        ),
    ),
    ("gender|sex", _choice(["female", "male", "other"])),
    (
        "job(_title)?|occupation|position|role",
        _choice(["engineer", "designer", "manager", "analyst"]),
    ),
    ("user_agent", lambda _: "Mozilla/5.0 (X11; Linux x86_64)"),
    (
        "mime_?type|content_type|media_type",
        _choice(["application/json", "text/plain", "image/png"]),
    ),
    (
        "(client_)?secret|token|api_?key|signature|hash|checksum|digest|cursor",
        lambda seeded: f"{seeded.random.getrandbits(128):032x}",
    ),
    (
        "id|key|ref(erence)?|sku|number|code",
        lambda seeded: f"{seeded.fake.word()}_{seeded.random.getrandbits(40):010x}",
    ),
    ("title|subject|heading|headline|label", lambda seeded: seeded.fake.sentence(3).rstrip(".")),
    (
        "(description|message|detail|details|text|body|content|comment|note|notes|summary|reason"
        "|bio|about|msg)",
        lambda seeded: seeded.fake.sentence(8),
    ),
    ("(slug|tag|category|type|kind|word|group|topic)", lambda seeded: seeded.fake.word()),
]

_NUMBERS: list[tuple[str, Guess]] = [
    ("micro_?cents", lambda seeded: seeded.random.randint(0, 200_000) * _CENTS_IN_MICROCENTS),
    ("cents|amount_minor|minor_units", _between(0, 200_000)),
    ("(price|amount|cost|total_amount|balance|fee|tax|subtotal|dollars)", _real(0, 2_000, 2)),
    ("lat(itude)?", _real(-90, 90, 5)),
    ("lon|lng|longitude", _real(-180, 180, 5)),
    ("percent(age)?|progress|pct", _between(0, 100)),
    ("(rate|ratio|share|probability|confidence|score)", _real(0, 1, 3)),
    ("rating|stars", _between(1, 5)),
    ("age", _between(18, 90)),
    ("(exp_)?year", _between(2024, 2032)),
    ("(exp_)?month", _between(1, 12)),
    ("day", _between(1, 28)),
    ("hour", _between(0, 23)),
    ("minute|second", _between(0, 59)),
    ("page", _between(1, 5)),
    ("per_page|limit|page_size", _between(10, 100)),
    ("offset", _between(0, 5, 10)),
    (
        "(count|total|quantity|qty|number_of_[a-z_]+|num|size|length|failures|attempts|retries)",
        _between(0, 100),
    ),
    ("port", _between(1_024, 65_535)),
    ("status(_code)?", lambda seeded: seeded.random.choice([200, 201, 204, 400, 404, 500])),
    (
        "timestamp|[a-z0-9]+_(at|time)|created|updated",
        lambda seeded: int(formats.random_datetime(seeded).timestamp()),
    ),
    ("(width|height)", _between(1, 40, 50)),
    ("(ms|millis|milliseconds|duration|latency)", _between(1, 5_000)),
    ("id", _between(1, 99_999)),
]
