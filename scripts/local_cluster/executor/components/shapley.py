"""Shapley values by walks from a baseline to a row, one feature after the other.

Each feature is credited with what the prediction changes when its value comes in, as the mean over several
orders of the features (Castro, Gómez and Tejada 2009). For each order the credits sum to the whole change, so
their means do, too, however few orders there are.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

Row = Sequence[float]
Order = tuple[int, ...]


def choose_orders(features: int, limit: int, seed: int = 0) -> tuple[Order, ...]:
    """Orders of so many features: all of them when there are not more than the limit, else a sample.

    A sampled order comes with its reverse, which takes out much of the chance.
    """
    if features <= 8 and math.factorial(features) <= limit:
        return tuple(itertools.permutations(range(features)))
    # The same request gets the same explanation.
    chance = random.Random(seed)  # noqa: S311 -- no secret
    drawn = [tuple(chance.sample(range(features), features)) for _ in range(max(1, limit // 2))]
    return tuple(order for one in drawn for order in (one, one[::-1]))


def plan_rows(row: Row, baseline: Row, orders: Sequence[Order]) -> tuple[tuple[float, ...], ...]:
    """What has to be predicted: the baseline, the row, and each walk's steps between them.

    These are 2 rows, and for each order one less than there are features.
    """
    rows = [tuple(baseline), tuple(row)]
    for order in orders:
        step = list(baseline)
        for feature in order[:-1]:
            step[feature] = row[feature]
            rows.append(tuple(step))
    return tuple(rows)


def credit(predictions: Sequence[float], orders: Sequence[Order]) -> tuple[float, ...]:
    """The features' Shapley values, from the predictions of the planned rows in their order."""
    begin, end = predictions[:2]
    steps = iter(predictions[2:])
    features = len(orders[0])
    values = [0.0] * features
    for order in orders:
        last = begin
        for feature in order[:-1]:
            reached = next(steps)
            values[feature] += reached - last
            last = reached
        values[order[-1]] += end - last
    return tuple(value / len(orders) for value in values)
