"""Media types: their kinds, and which of them a request accepts (RFC 9110, 12.5.1)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from mockserver.openapi.contract import is_json

_RANGES = ("application/json", "text/plain", "image/png", "audio/mpeg", "video/mp4")
"""The media types that stand for documented ranges, such as ``*/*``."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf"{_WORD}(/{_WORD})?[ \t]*(;[\t -~]*)?")
logger = logging.getLogger(__name__)


def sendable(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the media objects whose media types a header may hold. Log the others.

    ``where`` names the response in the log.
    """
    found = {name: media for name, media in content.items() if _MEDIA_TYPE.fullmatch(name)}
    for name in content.keys() - found.keys():
        logger.warning("%s: the media type %s is invalid; it is not sent", where, ascii(name))
    return found


def name_of(media_type: str) -> str:
    """Return a media type without parameters."""
    return media_type.partition(";")[0].strip().lower()


def is_xml(media_type: str) -> bool:
    """Return whether bodies of a media type are XML documents."""
    name = name_of(media_type)
    return name in ("application/xml", "text/xml") or name.endswith("+xml")


def concrete(media_type: str, accept: str = "") -> str:
    """Return the media type to send for a documented one, which may be a range.

    It is the one that ``accept`` names, or the usual one.
    """
    name = name_of(media_type)
    if "*" not in name:
        return media_type
    for accepted, quality in _ranges(accept):
        if "*" not in accepted and quality > 0 and fnmatch(accepted, name):
            return accepted
    return next((known for known in _RANGES if fnmatch(known, name)), name.replace("*", "plain"))


def json_in(content: Iterable[str]) -> str | None:
    """Return the documented media type of a JSON body, which may be a range; None if there is none.

    A range such as ``*/*``, which Spring writes, stands for JSON where nothing else does.
    """
    exact_first = sorted(content, key=lambda name: "*" in name)
    return next((name for name in exact_first if is_json(concrete(name))), None)


def chosen(documented: Sequence[str], accept: str) -> str | None:
    """Return the documented media type that a request prefers; None if it accepts none.

    JSON comes first where several are equally welcome, then the order of the document.
    """
    if not documented:
        return None
    ordered = sorted(documented, key=lambda media_type: not is_json(media_type))
    ranges = list(_ranges(accept))
    if not ranges:
        return ordered[0]
    best = max(ordered, key=lambda media_type: _quality(media_type, ranges))
    return best if _quality(best, ranges) > 0 else None


def _ranges(accept: str) -> Iterable[tuple[str, float]]:
    """Yield the media ranges of a header, each with its quality."""
    for part in accept.split(","):
        name, *parameters = part.split(";")
        if name.strip():
            yield name.strip().lower(), _q(parameters)


def _q(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 1.0
    return 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return how welcome a media type is. Of the ranges that match, the most specific counts."""
    name = name_of(media_type)
    found = [
        (-accepted.count("*"), len(accepted), quality)
        for accepted, quality in ranges
        if _matches(name, accepted)
    ]
    return max(found)[2] if found else 0.0


def _matches(name: str, accepted: str) -> bool:
    """Return whether a documented media type, or range, is accepted.

    ``application/json`` accepts JSON of any vendor.
    """
    if "*" in name:
        return fnmatch(accepted, name) or fnmatch(concrete(name), accepted)
    return fnmatch(name, accepted) or (accepted == "application/json" and is_json(name))
