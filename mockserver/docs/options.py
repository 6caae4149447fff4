"""What a reader of the pages wants to see of a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """How pages are to be made."""

    provenance: Literal["documented", "all"] = "all"
    """``documented`` makes the published page: its layout, and nothing that is observed or assumed."""
    examples: Literal["realistic", "placeholder"] = "realistic"
    """Realistic examples come from the document; placeholders are the published page's."""
    api_key: str = ""
    """The key that the forms of a live page start with."""
