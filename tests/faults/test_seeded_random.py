"""Random numbers: seeded, independent, with the promised distributions."""

from __future__ import annotations

from statistics import fmean, median, pstdev, quantiles

import pytest

from mockserver.faults.latency import MAX_MS, Latency
from mockserver.faults.seeded_random import Draw, draw

COUNT = 20_000


@pytest.fixture(scope="module")
def draws() -> list[Draw]:
    return [draw(1, "rule", "sk_test_new", "get_balance", n) for n in range(COUNT)]


def test_the_same_seed_gives_the_same_numbers() -> None:
    """They depend on neither time nor earlier draws."""
    assert draw(1, "a", 2) == draw(1, "a", 2)


@pytest.mark.parametrize(
    "words", [(2, "a", "b"), (1, "b", "b"), (1, "a", "c"), (1, "ab", ""), (1, "", "ab")], ids=str
)
def test_another_seed_gives_other_numbers(words: tuple[object, ...]) -> None:
    """Every part of the seed counts, and so does its boundary."""
    assert draw(*words) != draw(1, "a", "b")


def test_the_numbers_are_spread_evenly(draws: list[Draw]) -> None:
    """They have mean and deviation of the uniform distribution, and never reach 0 or 1."""
    for numbers in zip(*draws, strict=True):
        assert 0 < min(numbers) < max(numbers) < 1
        assert fmean(numbers) == pytest.approx(0.5, abs=0.01)
        assert pstdev(numbers) == pytest.approx(0.2887, abs=0.005)


def test_the_three_numbers_of_a_draw_are_independent(draws: list[Draw]) -> None:
    """Whether a fault happens does not depend on its latency."""
    slow = [draw.first for draw in draws if draw.share < 0.1]
    assert fmean(slow) == pytest.approx(0.5, abs=0.03)
    assert fmean(draw.first * draw.second for draw in draws) == pytest.approx(0.25, abs=0.01)


def test_a_normal_number_is_normal(draws: list[Draw]) -> None:
    """Mean 0, deviation 1, and 95 of 100 below 1.645."""
    numbers = [draw.normal for draw in draws]
    assert fmean(numbers) == pytest.approx(0, abs=0.03)
    assert pstdev(numbers) == pytest.approx(1, abs=0.03)
    assert sum(number < 1.645 for number in numbers) / COUNT == pytest.approx(0.95, abs=0.01)


def times(latency: Latency, draws: list[Draw]) -> list[float]:
    return [latency.milliseconds(draw) for draw in draws]


def test_a_fixed_latency_is_always_the_same(draws: list[Draw]) -> None:
    """``ms`` is the exact latency."""
    assert set(times(Latency(ms=250), draws)) == {250}


def test_a_latency_between_two_bounds_is_spread_evenly(draws: list[Draw]) -> None:
    """Each quarter between ``min_ms`` and ``max_ms`` has a quarter of the values."""
    found = times(Latency(min_ms=100, max_ms=500), draws)
    assert 100 <= min(found) < 101
    assert 499 < max(found) <= 500
    assert quantiles(found) == pytest.approx([200, 300, 400], abs=5)


def test_a_latency_with_a_tail_has_its_median_and_p95(
    draws: list[Draw],
) -> None:
    """Half of the values are below ``median_ms``, and one in twenty above ``p95_ms``."""
    found = times(Latency(median_ms=300, p95_ms=3_000), draws)
    assert median(found) == pytest.approx(300, rel=0.05)
    assert sum(time > 3_000 for time in found) / COUNT == pytest.approx(0.05, abs=0.01)
    assert min(found) > 0


def test_no_tail_is_longer_than_a_minute(draws: list[Draw]) -> None:
    """The most extreme distribution is capped there."""
    found = times(Latency(median_ms=1, p95_ms=MAX_MS), draws)
    assert max(found) == MAX_MS
    assert Latency(median_ms=1, p95_ms=MAX_MS).milliseconds(Draw(0.5, 1e-16, 1e-16)) == MAX_MS
