"""A reader of the Dockerfile, which has one instruction in each line."""

from __future__ import annotations

import json
from typing import NamedTuple

from tests.browser import ROOT


class Instruction(NamedTuple):
    """One instruction: its name and the rest of its line."""

    name: str
    text: str


def instructions() -> list[Instruction]:
    """Return all instructions in order."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [Instruction(name, text) for name, _, text in parts]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage, without its FROM."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction.name == "FROM":
            found.append([])
        else:
            found[-1].append(instruction)
    return found


def texts(name: str, stage: int) -> list[str]:
    """Return the texts of all instructions of a name in a stage."""
    return [text for found, text in stages()[stage] if found == name]


def command(text: str) -> list[str]:
    """Return the words of a command in exec form, with flags before it ignored."""
    words: list[str] = json.loads(text[text.index("[") :])
    return words
