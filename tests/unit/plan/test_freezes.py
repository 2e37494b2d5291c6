"""What a freeze never stops is what policies hold to be a withdrawal: the order of what stays is kept."""

from __future__ import annotations

import pytest

from reconciler.plan.freezes import only_withdraws
from tests.support.worlds import get_change, make_manifest, serve

LIVE = make_manifest(shares={"v3": 50, "v5": 30, "v6": 20})


@pytest.mark.parametrize(
    ("shares", "withdraws"),
    [
        ({"v3": 80, "v5": 20}, True),
        ({"v5": 60, "v6": 40}, True),
        ({"v5": 30, "v3": 50, "v6": 20}, False),
        ({"v3": 50, "v6": 20, "v5": 30}, False),
        ({"v6": 40, "v5": 60}, False),
    ],
)
def test_a_withdrawal_keeps_the_order_of_what_stays(shares: dict[str, int], withdraws: bool) -> None:
    change = get_change(serve(LIVE).declare(make_manifest(shares=shares)).plan())
    assert only_withdraws(change, LIVE.body) is withdraws
