"""Says on standard error how a run goes on: alive on a terminal, a line for each driver elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner


class Display:
    """What a run tells of itself, for a person. Used as a context."""

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
        """A driver begins; the one before it is over."""
        over = self._over()
        self._name, self._place = name, f"{index}/{count}"
        self._say(over)
        self._requests_before, self._findings_before = self._requests, self._findings
        self._driver_began = time.monotonic()

    def exchange(self, count: int, findings: int) -> None:
        """So many exchanges and findings by now."""
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
        self._say(self._over())

    def _over(self) -> str:
        """A line that stays, for the driver that is over."""
        if not self._name:
            return ""
        requests, findings = (
            self._requests - self._requests_before,
            self._findings - self._findings_before,
        )
        seconds = time.monotonic() - self._driver_began
        return f"{self._place:>5}  {self._name:14}{requests:>7,} requests {findings:>5} findings {seconds:>8.1f} s"

    def _say(self, line: str) -> None:
        if line:
            self._console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)

    def _line(self) -> Spinner:
        seconds = int(time.monotonic() - self._began)
        what = f"{self._place}  {self._name}" if self._name else "preflight"
        told = f"{self._requests:,} requests, {self._findings} findings, {seconds // 60}:{seconds % 60:02}"
        self._spinner.update(text=f"{what}  {told}")
        return self._spinner
