"""What a newly saved page means for the document: what changed, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from mockserver.contract import page, page_comparison, page_document, reports
from mockserver.contract.changes import Change


class Watched(Struct, frozen=True):
    """A newly saved page, compared with the old copy and with the document."""

    new: Path
    saved: Path
    spec: Path
    changed: Sequence[Change]
    """What changed since the old copy."""
    missing: Sequence[Change]
    """What the new copy says and the document does not."""

    @property
    def is_to_do(self) -> bool:
        """Whether something is to be done."""
        return bool(self.changed or self.missing)

    def report(self) -> str:
        """Return the changes and the next steps."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        if not self.is_to_do:
            yield f"{self.new} says what {self.saved} says, and {self.spec} agrees."
            return
        yield f"Changed since {self.saved}:"
        yield reports.text(self.changed)
        yield f"Different in {self.spec}:"
        yield reports.text(self.missing)
        yield "Next steps:"
        for number, step in enumerate(self._steps(), start=1):
            yield f"{number}. {step}"

    def _steps(self) -> Iterator[str]:
        new, saved, spec = (shlex.quote(str(path)) for path in (self.new, self.saved, self.spec))
        if self.missing:
            yield f"Keep the document as it is: cp {spec} old.yaml"
            yield f"Edit {spec} at the lines above."
            added = [change for change in self.missing if change.kind == "page-operation-added"]
            for change in added:
                command = f"mockserver contract new-operation {change.users[0]} --spec {spec}"
                yield f"Begin a new operation with: {command}"
            yield f"Repeat until nothing is different: mockserver contract diff {new} {spec}"
            yield (
                "Write the changelog from: "
                f"mockserver contract diff old.yaml {spec} --format markdown --show additive"
            )
        if self.changed:
            yield f"Keep the new copy: cp {new} {saved}"
        yield "Run the tests. They prove the provenance of the document against the saved copy."


def watch(new: Path, saved: Path, spec: Path) -> Watched:
    """Compare a newly saved page. Raise FileError if a file cannot be used."""
    described = page_document.read(spec)
    before, after = page.read(saved), page.read(new)
    return Watched(
        new,
        saved,
        spec,
        page_comparison.between(before, after, described),
        page_comparison.between(described.operations, after, described),
    )
