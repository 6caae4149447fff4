"""Finds the key of an account."""

from mockserver.control.call import Call
from mockserver.engine.errors import Refusal


def key_of(call: Call, account_id: str) -> str:
    """Return the key of an account. Raise Refusal if there is none with this id."""
    key: str | None = call.world.state.key_of(account_id)
    if key is None:
        raise Refusal(404, f"There is no account '{account_id}'.")
    return key
