"""Names of the kinds that documents use for the same thing: ``pet_id``, ``petId``, ``PetID``."""

from __future__ import annotations

import re
from functools import lru_cache

_IRREGULAR = {"people": "person", "children": "child", "data": "datum", "men": "man"}
_ID_SUFFIXES = (
    *("identifier", "number", "uuid", "guid", "slug", "name", "code", "gid", "sid", "sha", "hash"),
    *("email", "login", "handle", "address"),
)
_IDS = ("id", *_ID_SUFFIXES, "key", "token")
"""Ends of the names of path parameters that identify an item."""


@lru_cache(maxsize=4_096)
def plain(name: str) -> str:
    """Return a name in lower case and without separators."""
    return "".join(filter(str.isalnum, name.lower()))


@lru_cache(maxsize=4_096)
def singular(name: str) -> str:
    """Return the plain singular of a noun; of several words, that of the last."""
    word = plain(name)
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def id_suffix(name: str) -> str:
    """Return the end of a parameter's name that says how it identifies; empty if there is none."""
    word = plain(name)
    return next((end for end in _IDS if word.endswith(end)), "")


def tails(name: str) -> list[str]:
    """Return the ends of a name of several words, without separators, the longest first.

    Those of ``client_user_id`` and ``clientUserId`` are ``userid`` and ``id``.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]
    return ["".join(words[start:]) for start in range(1, len(words))]


def stem(name: str) -> str:
    """Return the noun in the name of a parameter: ``pet`` of ``petId``."""
    word = plain(name)
    return word.removesuffix(id_suffix(name)) or word


def slug(text: str) -> str:
    """Return a text as a part of a URL: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
