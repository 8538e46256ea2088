"""The retry budget: retries take, successes give back."""

from __future__ import annotations

from dynarepo._connection._budget import RetryBudget


def taken(budget: RetryBudget) -> int:
    """Take until nothing is left."""
    number = 0
    while budget.take():
        number += 1
    return number


def test_a_hundred_retries_can_fail_in_a_row() -> None:
    assert taken(RetryBudget()) == 100


def test_first_attempts_that_succeed_bring_back_a_fifth_of_a_retry() -> None:
    budget = RetryBudget()
    taken(budget)
    for _ in range(4):
        budget.succeed(retried=False)
    assert not budget.take()
    budget.succeed(retried=False)
    assert taken(budget) == 1


def test_a_retry_that_was_worth_it_costs_nothing() -> None:
    budget = RetryBudget(capacity=5)
    for _ in range(50):
        assert budget.take()
        budget.succeed(retried=True)


def test_it_never_holds_more_than_at_the_beginning() -> None:
    budget = RetryBudget()
    for _ in range(1_000):
        budget.succeed(retried=True)
    assert taken(budget) == 100
