"""What a run with nothing to do costs where there is much: counted in the audit log, to the request."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Shop

TARGETS, EACH = 5, 100


def count_requests(cluster: LocalCluster, since: int) -> Counter[str]:
    return Counter(
        f"{event['verb']} {event['objectRef']['resource']}"
        for event in cluster.audit_events(since)
        if event.get("userAgent", "").startswith("modelsync/")
    )


@pytest.mark.covers("B8")
def test_500_objects_in_5_targets_need_11_requests_and_no_write(
    own_cluster: LocalCluster, make_own_namespace: MakeNamespace, tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "shop")
    for number in range(TARGETS):
        name = f"region-{number}"
        shop.add_environment(name, make_own_namespace(name))
        for place in range(EACH):
            shop.declare(f"{name}/served-{place:03d}", {1: 90, 2: 10})
    shop.commit("All")
    first = shop.run("sync", kubeconfig=own_cluster.kubeconfig)
    assert first.code == 0, first.err[-2000:]
    since = own_cluster.audit_position()

    again = shop.run("sync", kubeconfig=own_cluster.kubeconfig)

    assert again.code == 0
    assert again.out.count(f"({EACH} objects, ") == TARGETS
    asked = count_requests(own_cluster, since)
    assert asked == {"list configmaps": 1, "list seldondeployments": TARGETS, "list deployments": TARGETS}
    # The bar; that all are reads is in the line above.
    assert asked.total() <= 15
