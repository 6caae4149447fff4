"""Invented people and hosts for new accounts.

Faker has many more names, but loading it took a tenth of the start-up time and 4 MB.
"""

from random import Random

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


def name(random: Random) -> str:
    """Return the name of a person."""
    return f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)}"


def phone(random: Random) -> str:
    """Return a telephone number of the range that is reserved for fiction."""
    return f"+1 202 555 01{random.randrange(100):02}"


def host(random: Random) -> str:
    """Return a host name of a reserved domain."""
    return f"{random.choice(_WORDS)}-{random.choice(_KINDS)}.example"
