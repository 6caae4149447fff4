"""What the operations of one document share."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from mockserver.generator import Generator
from mockserver.openapi.contract import Contract
from mockserver.resources.fitting import Fitting
from mockserver.resources.model import Model
from mockserver.resources.store import Store


class Options(Struct, frozen=True):
    """How state is kept for a document."""

    seed: int = 1
    items: int = 5
    handlers: Path | None = None
    """The user's handlers."""
    check_references: bool = False
    """Whether ids of other resources in a body must exist."""


class Compiled:
    """What the operations of one document share."""

    def __init__(
        self, contract: Contract, model: Model, generator: Generator, options: Options
    ) -> None:
        seed, items = options.seed, options.items
        self.checks_references = options.check_references
        self.contract = contract
        self.model = model
        self.generator = generator
        self.fitting = Fitting(contract, generator)
        self.store = Store(contract, model, self.fitting, seed, items)
