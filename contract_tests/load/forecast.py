"""What a load test is going to send: about how many requests, at what rate, and how long."""

from __future__ import annotations

from dataclasses import dataclass

from contract_tests import plan as run_plan
from contract_tests.context import Run
from contract_tests.load.plan import Plan
from contract_tests.load.steps import Step, steps

_WHOLE_ACCOUNT = "all views"
"""The step that reads a whole account."""


@dataclass(frozen=True)
class Forecast:
    """About what the users will send together."""

    plan: Plan
    per_step: float
    """The mean number of requests of a step."""
    limit: float | None
    """The most requests in a second; None without a limit."""

    def sentence(self) -> str:
        """Return how many requests the users send, if responses take no time."""
        return f"about {self._text(0.0)}"

    def after_response(self, seconds: float) -> str:
        """Return how many requests the users send if all responses take as long as the first."""
        milliseconds = f"{max(1, round(seconds * 1000)):,} ms"
        return f"the first response took {milliseconds}: about {self._text(seconds)}"

    def requests(self, response: float) -> int:
        """Return about how many requests are sent if each response takes so many seconds."""
        plan = self.plan
        starting = min(plan.seconds, plan.users / plan.spawn_rate)
        at_work = plan.users * plan.seconds - starting * starting * plan.spawn_rate / 2
        # Between two steps a user waits; without a pause, a step takes what its responses take.
        step = max(plan.wait + self.per_step * (response + run_plan.OVERHEAD), 0.001)
        most = float("inf") if self.limit is None else self.limit * plan.seconds
        return max(1, round(min(at_work / step * self.per_step, most)))

    def _text(self, response: float) -> str:
        requests, plan = self.requests(response), self.plan
        rate = run_plan.rate_in_words(float(f"{requests / plan.seconds:.2g}"))
        users = f"{plan.users:,} users" if plan.users > 1 else "1 user"
        is_limited = self.limit is not None and requests >= int(self.limit * plan.seconds)
        limit = " (--rate-limit)" if is_limited else ""
        duration = run_plan.duration(plan.seconds)
        return f"{run_plan.rounded(requests)} requests in {duration}: {rate}{limit}, by {users}"


def forecast(run: Run, plan: Plan) -> Forecast:
    """Return what a load test with this plan will send."""
    found = steps(run)
    weight = sum(step.weight for step in found)
    requests = sum(step.weight * _requests(run, step) for step in found)
    return Forecast(plan, requests / weight if weight else 1.0, run.settings.per_second)


def _requests(run: Run, step: Step) -> float:
    """Return about how many requests a step sends."""
    if step.is_story:
        return run_plan.story_requests(run)
    return run_plan.count_views(run) if step.name == _WHOLE_ACCOUNT else 1 + step.is_write
