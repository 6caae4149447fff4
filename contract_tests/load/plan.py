"""What a load test does, as plain data that its processes share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["local", "master", "worker"]
"""``local`` makes load by itself; a master makes none, and collects what its workers send."""


@dataclass(frozen=True)
class Plan:
    """The users, how they behave, and for how long."""

    users: int = 10
    seconds: float = 60.0
    spawn_rate: float = 10.0
    """Users that are started in a second."""
    wait: float = 1.0
    """The mean pause between two steps of a user, in seconds."""
    judge_share: float = 1.0
    """The share of the accounts whose responses are judged."""
    keys: tuple[str, ...] = ()
    """Environment variables with the keys of accounts; not used on the mock."""
    workers: int = 1
    """Worker processes of this machine, or those that a master waits for."""
    timeout: float = 60.0
    """Seconds that a master waits for its workers."""


@dataclass(frozen=True)
class Seat:
    """The place of one process."""

    role: Role
    index: int = 0
    """The number of this process among those of this machine."""
    count: int = 1
    host: str = "127.0.0.1"
    """Where the master listens."""
    port: int = 0

    is_for_others: bool = False
    """Whether the workers of a master are on other machines."""

    def journal(self, path: Path) -> Path:
        """Return the journal of this process: each has its own."""
        return path.with_name(f"{path.name}.{self.index}") if self.index else path

    def keys(self, plan: Plan) -> tuple[str, ...]:
        """Return the keys of this process. Only more processes than keys share one."""
        own = plan.keys[self.index :: self.count]
        return own or plan.keys[self.index % len(plan.keys) :][:1]
