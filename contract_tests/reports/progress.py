"""The progress of a run on standard error: live on a terminal, else a line per driver."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

STEP = 0.1
"""The part of a run after which a line may be printed where there is no terminal."""
SILENCE = 30.0
"""Seconds without a line after which such a line is printed."""
_BAR = 20
"""The width of the bar on a terminal."""


class Display:
    """Shows the progress of a run. A context manager."""

    def __init__(self, console: Console, per_second: float | None = None) -> None:
        self._console = console
        self._interval = 1 / per_second if per_second else 0.0
        """The least number of seconds between two requests."""
        self._spinner = Spinner("line")
        self._name = ""
        self._place = ""
        self._expected: dict[str, int] = {}
        """About how many requests each driver sends, or has sent."""
        self._requests = self._findings = 0
        self._requests_before = self._findings_before = 0
        self._began = self._driver_began = self._printed = time.monotonic()
        self._next_share = STEP
        self._live = Live(
            console=console,
            get_renderable=self._line,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
        )

    def forecast(self, sentence: str, phases: Mapping[str, int]) -> None:
        """Print what the run is going to do, and note how many requests each driver sends."""
        self._expected = dict(phases)
        self._print(f"  {sentence}")

    def driver(self, name: str, index: int, count: int) -> None:
        """Begin a driver, and print the line of the one before."""
        finished = self._finished()
        if self._name in self._expected:
            self._expected[self._name] = self._requests - self._requests_before
        self._name, self._place = name, f"{index}/{count}"
        self._print(finished)
        self._requests_before, self._findings_before = self._requests, self._findings
        self._driver_began = time.monotonic()

    def exchange(self, count: int, findings: int) -> None:
        """Update the numbers of exchanges and findings."""
        self._requests, self._findings = count, findings
        if self._console.is_terminal or not self._expected or self._console.quiet:
            return
        share = self.share
        if share >= self._next_share and time.monotonic() - self._printed > SILENCE:
            self._print(f"{100 * share:>4.0f} %  {self._counts()}{self._left()}")
            self._next_share = share + STEP

    @property
    def share(self) -> float:
        """About the part of the run that is done, below 1."""
        sent = self._requests - self._requests_before
        now = max(self._expected.get(self._name, 0), sent + 1)
        whole = self._requests_before + now + self._to_come()
        return min(self._requests / whole, 0.99)

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        self._print(self._finished())

    def _to_come(self) -> int:
        """Return about how many requests the drivers after the current one send."""
        names = list(self._expected)
        later = names[names.index(self._name) + 1 :] if self._name in names else names
        return sum(self._expected[name] for name in later)

    def _left(self) -> str:
        """Return about how long the rest takes."""
        if not self._expected or not self._requests:
            return ""
        pace = max(self._interval, (time.monotonic() - self._began) / self._requests)
        seconds = int(pace * self._requests * (1 / max(self.share, 0.001) - 1))
        return f", about {seconds // 60}:{seconds % 60:02} left"

    def _counts(self) -> str:
        return f"{self._requests:,} requests, {self._findings} findings"

    def _finished(self) -> str:
        """Return the permanent line of the current driver."""
        if not self._name:
            return ""
        requests, findings = (
            self._requests - self._requests_before,
            self._findings - self._findings_before,
        )
        seconds = time.monotonic() - self._driver_began
        counts = f"{requests:>7,} requests {findings:>5} findings {seconds:>8.1f} s"
        return f"{self._place:>5}  {self._name:14}{counts}"

    def _print(self, line: str) -> None:
        if line:
            self._printed = time.monotonic()
            self._console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)

    def _line(self) -> Spinner:
        seconds = int(time.monotonic() - self._began)
        driver = f"{self._place}  {self._name}" if self._name else "preflight"
        text = f"{driver}  {self._counts()}, {seconds // 60}:{seconds % 60:02}"
        if self._expected:
            share = self.share
            full = round(_BAR * share)
            bar = "\u2588" * full + "\u2591" * (_BAR - full)
            text = f"{bar} {100 * share:.0f} %  {text}{self._left()}"
        self._spinner.update(text=text)
        return self._spinner
