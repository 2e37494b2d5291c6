"""The exporter beside a real API server: what Prometheus gets, what it may cost, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from scripts.local_cluster.ports import free_ports
from tests.e2e.conftest import Team
from tests.support.accounts import make_account
from tests.support.promtool import run_promtool
from tests.support.waiting import wait_until

# The first to ask for promtool builds it, which takes minutes.
pytestmark = pytest.mark.timeout(900)

# What the exporter's Role grants where it reads by name (reconciler/deploy/components/exporter).
RULES: tuple[Mapping[str, object], ...] = (
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["modelsync-production"],
        "verbs": ["get"],
    },
    {"apiGroups": ["machinelearning.seldon.io"], "resources": ["seldondeployments"], "verbs": ["list"]},
    {"apiGroups": ["networking.istio.io"], "resources": ["virtualservices"], "verbs": ["list"]},
)

Samples = dict[str, dict[frozenset[tuple[str, str]], float]]


class Exporter:
    """A running exporter."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url

    def get(self, path: str = "/metrics", accept: str = "text/plain") -> urllib3.BaseHTTPResponse:
        return urllib3.request(
            "GET", f"{self.url}{path}", headers={"Accept": accept}, retries=False, timeout=30
        )

    def scrape(self) -> str:
        answer = self.get()
        assert answer.status == 200
        return answer.data.decode()

    def read(self, name: str) -> dict[str, float]:
        """The values of a metric by its labels without those of the target, joined by commas."""
        found = {}
        for family in text_string_to_metric_families(self.scrape()):
            for sample in family.samples:
                if sample.name == name:
                    labels = {k: v for k, v in sample.labels.items() if k not in ("environment", "namespace")}
                    found[",".join(labels.values())] = sample.value
        return found


@contextmanager
def exporting(kubeconfig: Path, *arguments: str) -> Iterator[Exporter]:
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "exporter", "--port", str(port), "--keep", "1s", *arguments],
        env={"PATH": "/usr/bin:/bin", "KUBECONFIG": str(kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    exporter = Exporter(process, f"http://127.0.0.1:{port}")

    def is_up() -> bool:
        assert process.poll() is None, process.communicate()
        try:
            return exporter.get("/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    try:
        wait_until(is_up)
        yield exporter
    finally:
        process.kill()
        process.communicate(timeout=60)


@pytest.mark.covers("B37")
def test_prometheus_gets_metrics_that_promtool_has_nothing_against(team: Team) -> None:
    assert team.sync().code == 0
    with exporting(team.cluster.kubeconfig, "--namespace", team.namespace) as exporter:
        verdict = run_promtool("check", "metrics", given=exporter.scrape())
        assert (verdict.clean, verdict.said) == (True, "")
        assert exporter.read("modelsync_synced") == {"": 1}
        assert exporter.read("modelsync_inventory_objects") == {"": 2}
        assert exporter.read("modelsync_declared_share_percent") == {
            "prices,wines,false,v1,v1": 100,
            "wines,wines,false,v1,v1": 90,
            "wines,wines,false,v2,v2": 10,
        }
        assert exporter.read("modelsync_applied_share_percent") == exporter.read(
            "modelsync_declared_share_percent"
        )
        assert exporter.read("modelsync_exporter_targets") == {"": 1}


def test_a_copy_of_a_record_under_another_name_is_no_target(team: Team) -> None:
    assert team.sync().code == 0
    place = f"/api/v1/namespaces/{team.namespace}/configmaps"
    record = team.cluster.api.demand("GET", f"{place}/modelsync-production")
    copy = {key: record["metadata"][key] for key in ("labels", "annotations")} | {"name": "backup"}
    team.cluster.api.demand("POST", place, {**record, "metadata": copy})
    with exporting(team.cluster.kubeconfig, "--namespace", team.namespace) as exporter:
        text = exporter.scrape()
        assert text.count("\nmodelsync_inventory_objects{") == 1
        assert exporter.read("modelsync_exporter_targets") == {"": 1}


@pytest.mark.covers("B37", "T26")
def test_an_edit_shows_at_once_and_a_failed_run_with_its_outcome(team: Team) -> None:
    assert team.sync().code == 0
    with exporting(team.cluster.kubeconfig, "--namespace", team.namespace) as exporter:
        team.patch("wines", "/spec/predictors/0/traffic", 60)
        team.patch("wines", "/spec/predictors/1/traffic", 40)
        wait_until(lambda: exporter.read("modelsync_applied_share_percent")["wines,wines,false,v1,v1"] == 60)
        assert exporter.read("modelsync_declared_share_percent")["wines,wines,false,v1,v1"] == 90

        for name in ("wines", "prices"):
            team.shop.remove(f"environments/production/deployments/{name}.yaml")
        team.shop.commit("Everything is gone")
        assert team.sync().code == 5
        wait_until(lambda: exporter.read("modelsync_run_outcome") == {"": 5})
        assert exporter.read("modelsync_held_prune_objects") == {"": 2}
        assert exporter.read("modelsync_synced") == {"": 0}


@pytest.mark.covers("B37")
def test_by_name_it_needs_no_right_to_list_config_maps(team: Team, tmp_path: Path) -> None:
    assert team.sync().code == 0
    account = make_account(team.cluster, team.namespace, tmp_path, rules=RULES, name="exporter")
    start = team.cluster.audit_position()
    with exporting(account, "production", "--namespace", team.namespace) as exporter:
        assert exporter.read("modelsync_inventory_objects") == {"": 2}
    # Routes are not installed here, so what is routed is not known; nothing was refused.
    asked = [
        event for event in team.cluster.audit_events(start) if event["user"]["username"].endswith(":exporter")
    ]
    assert {event["verb"] for event in asked} <= {"get", "list"}
    assert {event["annotations"]["authorization.k8s.io/decision"] for event in asked} == {"allow"}


def test_without_rights_it_serves_what_it_knows_and_says_what_is_missing(team: Team, tmp_path: Path) -> None:
    assert team.sync().code == 0
    account = make_account(team.cluster, team.namespace, tmp_path, name="nobody")
    with exporting(account, "production", "--namespace", team.namespace) as exporter:
        text = exporter.scrape()
        assert "modelsync_exporter_complete 0.0" in text
        assert 'modelsync_exporter_read_failures_total{problem="right-missing"} 1.0' in text
        assert "modelsync_inventory_objects" not in text
        assert run_promtool("check", "metrics", given=text).clean
        exporter.process.terminate()
        _, told = exporter.process.communicate(timeout=60)
    assert "may not get configmaps" in told


def test_many_scrapes_cost_the_api_server_what_one_does(team: Team) -> None:
    assert team.sync().code == 0
    arguments = ("production", "--namespace", team.namespace, "--keep", "1h")
    with exporting(team.cluster.kubeconfig, *arguments) as exporter:
        exporter.scrape()
        start = team.cluster.audit_position()
        for _ in range(20):
            exporter.scrape()
        assert team.requests(start) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(team: Team, number: signal.Signals) -> None:
    with exporting(team.cluster.kubeconfig, "production", "--namespace", team.namespace) as exporter:
        assert exporter.get("/healthz").data == b"ok\n"
        exporter.process.send_signal(number)
        assert exporter.process.wait(timeout=60) == 0


def test_openmetrics_is_served_to_those_who_ask_for_it(team: Team) -> None:
    with exporting(team.cluster.kubeconfig, "production", "--namespace", team.namespace) as exporter:
        answer = exporter.get(accept="application/openmetrics-text; version=1.0.0")
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert answer.data.endswith(b"# EOF\n")
        assert exporter.get("/elsewhere").status == 404
