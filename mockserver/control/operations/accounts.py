"""Lists accounts, returns the key of one, and gives it a name."""

from mockserver.control import render
from mockserver.control.accounts import key_of
from mockserver.control.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.errors import Refusal
from mockserver.engine.render import page as render_page


def list_accounts(call: Call) -> Json:
    page = pagination.by_offset(call, call.world.state.names())
    shown = [render.account(call.world, name) for name in page.items]
    return {**render_page("accounts", shown, page), "evictions": call.world.state.evictions}


def get_account(call: Call) -> Json:
    key = key_of(call, call.params["account_id"])
    # A mock of another document takes any credentials, so they may be real ones.
    shown = None if "_live_" in key else key
    return {"account": render.account(call.world, key), "key": shown}


def label_account(call: Call) -> Json:
    world, label = call.world, call.body["label"]
    if world.state.account_id(call.key) is None:
        raise Refusal(409, "This account does not exist yet. Send a request with its key first.")
    if label is not None and (shown := _stripped(label)):
        world.labels[call.key] = shown
    else:
        world.labels.pop(call.key, None)
    return {"account_id": world.state.account_id(call.key), "label": world.labels.get(call.key)}


def _stripped(text: str) -> str:
    """Return a text without the spaces and control characters at its ends."""
    visible = [index for index, character in enumerate(text) if _is_visible(character)]
    return text[visible[0] : visible[-1] + 1] if visible else ""


def _is_visible(character: str) -> bool:
    return character.isprintable() and not character.isspace()
