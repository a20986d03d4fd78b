"""The budget of an edition's blurbs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.budget import Budget, Prices, Usage, usage_of

PRICES = Prices(read=1.0, written=5.0)
_price = st.floats(0.001, 200)
# A call: the bytes it sends, the tokens it may get, how far it used them up, and whether it came back at all.
_call = st.tuples(st.integers(0, 50_000), st.integers(1, 4000), st.floats(0, 1), st.floats(0, 1), st.booleans())


@given(st.floats(0, 2), _price, _price, st.lists(_call, max_size=60))
def test_what_is_spent_never_exceeds_the_budget(
    limit: float, read: float, written: float, calls: list[tuple[int, int, float, float, bool]]
) -> None:
    budget = Budget(limit, Prices(read, written))
    really_usd = 0.0
    for sent, most, share_read, share_written, came_back in calls:
        held = budget.reserve(sent, most)
        if held is None:
            continue
        usage = Usage(int(sent * share_read), int(most * share_written))
        really_usd += (usage.read * read + usage.written * written) / 1e6  # a failed call is billed all the same
        if came_back:
            budget.settle(held, usage)
        assert really_usd <= limit + 1e-12
        assert really_usd <= budget.spent_usd + budget.held_usd + 1e-12
        assert budget.spent_usd + budget.held_usd <= limit + 1e-12


@given(st.lists(_call, max_size=30))
def test_no_sum_is_lost_between_limit_spent_held_and_left(calls: list[tuple[int, int, float, float, bool]]) -> None:
    budget = Budget(0.2, PRICES)
    for sent, most, share_read, share_written, came_back in calls:
        held = budget.reserve(sent, most)
        if held and came_back:
            budget.settle(held, Usage(int(sent * share_read), int(most * share_written)))
        assert budget.spent_usd + budget.held_usd + budget.left_usd == pytest.approx(budget.limit_usd)


def test_a_settled_call_gives_back_what_it_did_not_use() -> None:
    budget = Budget(0.01, PRICES)
    held = budget.reserve(4000, 200)
    assert held is not None
    assert budget.held_usd == pytest.approx((4200 * 1.0 + 200 * 5.0) / 1e6)
    budget.settle(held, Usage(1000, 80))
    assert (budget.spent_usd, budget.held_usd) == (pytest.approx(0.0014), 0.0)
    assert budget.left_usd == pytest.approx(0.0086)


def test_a_call_that_failed_stays_spent() -> None:
    budget = Budget(0.006, PRICES)
    assert budget.reserve(4000, 200) is not None
    assert budget.reserve(4000, 200) is None


def test_a_budget_of_nothing_lets_no_call_through() -> None:
    assert Budget(0.0, PRICES).reserve(0, 1) is None


def test_more_than_was_reserved_is_counted_and_ends_the_budget() -> None:
    budget = Budget(0.01, PRICES)
    held = budget.reserve(1000, 100)
    assert held is not None
    budget.settle(held, Usage(1000, 3000))  # a service that does not keep to maxTokens
    assert budget.spent_usd == pytest.approx(0.016)
    assert budget.left_usd == 0.0
    assert budget.reserve(0, 1) is None


@pytest.mark.parametrize("limit", [-0.01, float("nan"), float("inf")])
def test_a_limit_that_limits_nothing_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="give 0 or more"):
        Budget(limit, PRICES)


@pytest.mark.parametrize("prices", [Prices(0, 5), Prices(1, 0), Prices(float("nan"), 5), Prices(-1, 5)])
def test_prices_that_bound_nothing_are_refused(prices: Prices) -> None:
    with pytest.raises(ValueError, match="both above 0"):
        Budget(1.0, prices)


def test_tokens_of_a_cache_count_as_read() -> None:
    told = {"inputTokens": 10, "outputTokens": 3, "cacheReadInputTokens": 5, "cacheWriteInputTokens": 2}
    assert usage_of(told) == Usage(17, 3)


@pytest.mark.parametrize("told", [None, [], "12", {}, {"inputTokens": 3}, {"inputTokens": -1, "outputTokens": 2}])
def test_an_answer_that_does_not_say_what_it_used_has_no_usage(told: Any) -> None:
    assert usage_of(told) is None
