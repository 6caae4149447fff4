"""Invented people and hosts for new accounts.

Faker has many more names, but loading it took a tenth of the start-up time and 4 MB. It is loaded
for the names of a locale only.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faker import Faker

_FIRST_NAMES = (
    *("Ada", "Aisha", "Amir", "Ana", "Anton", "Bella", "Bruno", "Carla", "Chen", "Clara"),
    *("Daniel", "Diego", "Elena", "Elias", "Emma", "Erik", "Fatima", "Felix", "Grace", "Hana"),
    *("Hugo", "Ines", "Ivan", "Jonas", "Julia", "Kofi", "Laura", "Leo", "Lina", "Lucas"),
    *("Maria", "Marta", "Maya", "Mei", "Milan", "Nadia", "Nina", "Noah", "Olga", "Omar"),
    *("Oscar", "Paula", "Pedro", "Priya", "Rosa", "Samuel", "Sara", "Sofia", "Tom", "Yuki"),
)
_LAST_NAMES = (
    *("Abbott", "Alvarez", "Andersson", "Baker", "Becker", "Bennett", "Bianchi", "Brandt"),
    *("Carter", "Castro", "Clarke", "Costa", "Dubois", "Duarte", "Ellis", "Fischer", "Foster"),
    *("Garcia", "Gupta", "Hansen", "Hughes", "Ito", "Jensen", "Kaya", "Keller", "Khan"),
    *("Kowalski", "Larsen", "Lopez", "Mason", "Mbeki", "Meyer", "Morales", "Moreau", "Nakamura"),
    *("Novak", "Okafor", "Olsen", "Park", "Parker", "Pereira", "Reed", "Ricci", "Rossi"),
    *("Santos", "Schmidt", "Silva", "Tanaka", "Vargas", "Weber"),
)
_WORDS = (
    *("amber", "anchor", "birch", "bridge", "canvas", "cedar", "cobalt", "compass", "copper"),
    *("delta", "ember", "falcon", "field", "garden", "harbor", "hazel", "island", "juniper"),
    *("lantern", "linen", "maple", "meadow", "mosaic", "north", "oak", "olive", "orchard"),
    *("pepper", "pine", "quartz", "river", "saffron", "summit", "thistle", "valley", "willow"),
)
_KINDS = ("books", "catalog", "forum", "jobs", "news", "shop", "travel", "weather")


_PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "œ": "oe"}
)
"""Letters that Unicode does not take apart."""


@lru_cache(maxsize=8)
def _faker(locale: str) -> Faker:
    from faker import Faker

    return Faker(locale, use_weighting=False, providers=["faker.providers.person"])


def name(random: Random, locale: str | None = None) -> str:
    """Return the name of a person, of Faker if there is a locale."""
    if locale is not None:
        faker = _faker(locale)
        faker.seed_instance(random.getrandbits(64))
        return str(faker.name())
    return f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)}"


def email(name: str) -> str:
    """Return an address of a reserved domain for a person. It has ASCII letters only."""
    folded = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN_LETTERS))
    words = "".join(letter if letter.isascii() else "" for letter in folded).split()
    local = ".".join(filter(None, ("".join(filter(str.isalnum, word)) for word in words)))
    return f"{local[:64].strip('.') or 'customer'}@example.com"


def phone(random: Random) -> str:
    """Return a telephone number of the range that is reserved for fiction."""
    return f"+1 202 555 01{random.randrange(100):02}"


def host(random: Random) -> str:
    """Return a host name of a reserved domain."""
    return f"{random.choice(_WORDS)}-{random.choice(_KINDS)}.example"
