"""The programs of a checkout that are recorded, by name."""

from tools.recording import command_lines, kit_programs
from tools.recording.workshop import Part


def parts() -> dict[str, Part]:
    """Return what is recorded of the programs, by name."""
    return {**command_lines.PARTS, **kit_programs.PARTS}
