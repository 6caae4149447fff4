"""The progress of a run on standard error: live on a terminal, else a line per driver."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner


class Display:
    """Shows the progress of a run. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("line")
        self._name = ""
        self._place = ""
        self._requests = self._findings = 0
        self._requests_before = self._findings_before = 0
        self._began = self._driver_began = time.monotonic()
        self._live = Live(
            console=console,
            get_renderable=self._line,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
        )

    def driver(self, name: str, index: int, count: int) -> None:
        """Begin a driver, and print the line of the one before."""
        finished = self._finished()
        self._name, self._place = name, f"{index}/{count}"
        self._print(finished)
        self._requests_before, self._findings_before = self._requests, self._findings
        self._driver_began = time.monotonic()

    def exchange(self, count: int, findings: int) -> None:
        """Update the numbers of exchanges and findings."""
        self._requests, self._findings = count, findings

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
            self._console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)

    def _line(self) -> Spinner:
        seconds = int(time.monotonic() - self._began)
        driver = f"{self._place}  {self._name}" if self._name else "preflight"
        counts = f"{self._requests:,} requests, {self._findings} findings"
        self._spinner.update(text=f"{driver}  {counts}, {seconds // 60}:{seconds % 60:02}")
        return self._spinner
