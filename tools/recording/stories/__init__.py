"""What the recorder plays: stories of requests, each on a server that has just been reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.recording.caller import Caller

Play = Callable[[Caller], None]


@dataclass(frozen=True)
class Story:
    """Requests that belong together, and the flags of the server that they need."""

    name: str
    play: Play
    flags: tuple[str, ...] = ()
    """Beyond seed, time and port. ``{checkout}`` stands for the folder of the checkout."""
