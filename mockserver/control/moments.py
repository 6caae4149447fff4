"""Times in the bodies of requests."""

from datetime import datetime

from mockserver.engine.body import Json
from mockserver.engine.errors import Unprocessable


def moment_of(body: Json, name: str) -> datetime:
    """Return a time of the body.

    Raises Unprocessable for times that RFC 3339 allows and Python does not: leap seconds, year 0.
    """
    try:
        return datetime.fromisoformat(body[name].upper())
    except ValueError:
        raise Unprocessable(
            [
                {
                    "loc": ["body", name],
                    "msg": "Input should be a valid datetime",
                    "type": "datetime_parsing",
                }
            ]
        ) from None
