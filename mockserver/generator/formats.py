"""Sample values of the OpenAPI and JSON Schema formats, and a regular expression for each."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from mockserver.generator.seeded_random import SeededRandom

Sample = Callable[[SeededRandom], str]

_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_SECONDS = 3 * 365 * 86_400
_ANY_SECONDS = 50 * 365 * 86_400


def samples(name: str) -> list[Sample]:
    """Return makers of values of a format, the most natural first; none if it is unknown."""
    return _SAMPLES.get(name, [])


def expression(name: str) -> str | None:
    """Return a regular expression for values of a format of any length, or None."""
    return _EXPRESSIONS.get(name)


def random_datetime(seeded: SeededRandom, seconds: int = _SECONDS) -> datetime:
    """Return a random time of the recent past or near future, with a precision of seconds."""
    return _FIRST_DAY + timedelta(seconds=seeded.random.randrange(seconds))


def _formatted_datetime(form: str, seconds: int = _SECONDS) -> Sample:
    return lambda seeded: random_datetime(seeded, seconds).strftime(form)


def _with_fraction(digits: int, offset: str) -> Sample:
    return lambda seeded: (
        f"{random_datetime(seeded):%Y-%m-%dT%H:%M:%S}."
        f"{seeded.random.randrange(10**digits):0{digits}d}{offset}"
    )


def _uuid(seeded: SeededRandom) -> str:
    return str(UUID(int=seeded.random.getrandbits(128), version=4))


def _uri(seeded: SeededRandom) -> str:
    fake = seeded.fake
    return f"https://{fake.domain_word()}.example.com/{fake.word()}"


def _duration(seeded: SeededRandom) -> str:
    return seeded.random.choice(["PT{}M", "PT{}H", "P{}D", "P{}W"]).format(
        seeded.random.randint(1, 30)
    )


def _base64(seeded: SeededRandom) -> str:
    return base64.b64encode(seeded.fake.sentence(4).encode()).decode()


def _pointer(seeded: SeededRandom) -> str:
    return "/" + "/".join(seeded.fake.word() for _ in range(seeded.random.randint(1, 3)))


_SAMPLES: dict[str, list[Sample]] = {
    "date-time": [
        _formatted_datetime("%Y-%m-%dT%H:%M:%SZ"),
        _with_fraction(3, "Z"),
        _with_fraction(6, "Z"),
        _formatted_datetime("%Y-%m-%dT%H:%M:%S+00:00"),
        _formatted_datetime("%Y-%m-%dT%H:%M:%S+02:00"),
        _formatted_datetime("%Y-%m-%dT%H:%M:%S-05:00"),
        _formatted_datetime("%Y-%m-%dT00:00:00Z"),
        _formatted_datetime("%Y-%m-%dT%H:%M:%SZ", _ANY_SECONDS),
    ],
    "date": [
        _formatted_datetime("%Y-%m-%d"),
        _formatted_datetime("%Y-%m-%d", _ANY_SECONDS),
        _formatted_datetime("%Y-%m-01"),
    ],
    "time": [
        _formatted_datetime("%H:%M:%SZ"),
        _formatted_datetime("%H:%M:%S+02:00"),
        _formatted_datetime("%H:%M:00Z"),
    ],
    "duration": [_duration],
    "email": [
        lambda seeded: f"{seeded.fake.first_name()}.{seeded.fake.last_name()}@example.com".lower()
    ],
    "hostname": [lambda seeded: f"{seeded.fake.domain_word()}.example.com"],
    "ipv4": [lambda seeded: ".".join(str(seeded.random.randint(1, 254)) for _ in range(4))],
    "ipv6": [
        lambda seeded: ":".join(f"{seeded.random.getrandbits(16):x}" for _ in range(8)),
        lambda _: "2001:db8::1",
    ],
    "uri": [
        _uri,
        lambda seeded: _uri(seeded).replace("https", "http"),
        lambda seeded: f"urn:uuid:{_uuid(seeded)}",
    ],
    "uri-reference": [_uri, _pointer],
    "uuid": [_uuid],
    "byte": [_base64],
    "binary": [lambda seeded: seeded.fake.sentence(4)],
    "password": [
        lambda seeded: "".join(
            seeded.random.choices("abcdefghkmnpqrstuvwxyzABCDEFGH23456789!#%", k=14)
        )
    ],
    "json-pointer": [_pointer],
    "relative-json-pointer": [lambda seeded: f"{seeded.random.randint(0, 3)}{_pointer(seeded)}"],
    "uri-template": [lambda seeded: f"{_uri(seeded)}/{{id}}"],
    "regex": [lambda seeded: f"^{seeded.fake.word()}$"],
}
for _alias, _name in (
    ("idn-email", "email"),
    ("idn-hostname", "hostname"),
    ("iri", "uri"),
    ("url", "uri"),
    ("iri-reference", "uri-reference"),
    ("guid", "uuid"),
    ("ip", "ipv4"),
    ("base64", "byte"),
    ("datetime", "date-time"),
):
    _SAMPLES[_alias] = _SAMPLES[_name]

_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|\+0[0-9]:00)"
_EXPRESSIONS = {
    "email": r"^[a-z][a-z0-9]{0,59}@([a-z]{1,40}\.){1,4}[a-z]{2,20}$",
    "hostname": r"^[a-z]{1,50}(\.[a-z]{1,50}){0,4}$",
    "uri": r"^(http://[a-z]{1,30}(\.[a-z]{2,20}){0,3}(/[a-z0-9/]*)?|[a-z]{1,5}:[a-z]+)$",
    "uri-reference": r"^[a-z/]*$",
    "ipv4": r"^[1-9]\d?\.[1-9]\d?\.[1-9]\d?\.([1-9]\d?|1\d\d)$",
    "ipv6": r"^(::|::[1-9a-f][0-9a-f]{0,3}|([1-9a-f][0-9a-f]{0,3}:){7}[1-9a-f][0-9a-f]{0,3})$",
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==)?$",
    "duration": r"^P([1-9]\d*[DW]|T[1-9]\d*[HMS])$",
    "date-time": rf"^20[0-4]\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T{_TIME}$",
    "time": f"^{_TIME}$",
    "password": r"^[A-Za-z0-9!#%]*$",
    "binary": r"^[A-Za-z0-9 ]*$",
    "json-pointer": r"^(/[a-z]*)*$",
}
