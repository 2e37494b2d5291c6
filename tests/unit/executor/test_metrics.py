"""The executor's series, by name and label."""

from __future__ import annotations

import math

from scripts.local_cluster.executor.metrics import Summary
from tests.unit.executor.harness import Answer, Running, node, running

_SERVER = "seldon_api_executor_server_requests_seconds"
_CLIENT = "seldon_api_executor_client_requests_seconds"


def _counts(executor: Running, name: str) -> dict[str, float]:
    return {
        series: value for series, value in executor.metrics().items() if series.startswith(f"{name}_count")
    }


def test_answers_and_calls_are_counted_by_predictor_service_and_code() -> None:
    annotations = {"version": "5"}
    with running(node("m"), annotations=annotations, image="seldonio/mlserver:1.7.1") as executor:
        executor.post("/v2/models/m/infer", {"inputs": []})
        executor.post("/v2/models/infer", {"inputs": []})
        executor.post("/v2/models/infer", b"no JSON")
        own = 'deployment_name="wines"'
        predictor = 'predictor_name="v1",predictor_version="5"'
        assert _counts(executor, _SERVER) == {
            f'{_SERVER}_count{{code="200",{own},method="post",{predictor},service="predictions"}}': 2,
            f'{_SERVER}_count{{code="500",{own},method="post",{predictor},service="predictions"}}': 1,
        }
        model = 'model_image="seldonio/mlserver",model_name="m",model_version="1.7.1"'
        assert _counts(executor, _CLIENT) == {
            f'{_CLIENT}_count{{code="200",{own},method="post",{model},{predictor},'
            'service="/v2/models/m/infer"}': 2,
        }


def test_a_models_refusal_is_counted_on_both_sides() -> None:
    with running(node("m"), lambda asked: Answer(status=418), protocol="seldon") as executor:
        executor.post("/api/v1.0/predictions", {})
        for name, service in ((_SERVER, "predictions"), (_CLIENT, "/predict")):
            ((series, count),) = _counts(executor, name).items()
            assert count == 1
            assert 'code="418"' in series
            assert f'service="{service}"' in series


def test_feedback_status_and_metadata_have_their_own_service() -> None:
    with running(node("m"), protocol="seldon") as executor:
        executor.post("/api/v1.0/feedback", {})
        executor.get("/api/v1.0/status/m")
        executor.get("/api/v1.0/metadata/m")
        services = {series.partition('service="')[2].split('"')[0] for series in _counts(executor, _SERVER)}
        assert services == {"feedback", "status", "metadata"}
        services = {series.partition('service="')[2].split('"')[0] for series in _counts(executor, _CLIENT)}
        assert services == {"/send-feedback", "/health/status", "/metadata"}


def test_what_reaches_no_handler_is_not_counted() -> None:
    with running(node("m")) as executor:
        for path in ("/ready", "/live", "/nothing", "/v2/models/m/infer", "/prometheus"):
            executor.get(path)
        executor.ask("OPTIONS", "/v2/models/m/infer")
        assert executor.metrics() == {}


def test_histogram_and_summary_have_their_buckets_and_quantiles() -> None:
    with running(node("m")) as executor:
        executor.post("/v2/models/m/infer", {"inputs": []})
        series = [each for each in executor.metrics() if each.startswith(_SERVER)]
    bounds = [each.partition('le="')[2].split('"')[0] for each in series if "_bucket" in each]
    assert [float(bound) for bound in bounds] == [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, math.inf,
    ]  # fmt: skip
    quantiles = [each.partition('quantile="')[2].split('"')[0] for each in series if "quantile" in each]
    assert quantiles == ["0.5", "0.75", "0.9", "0.98", "0.99", "1"]


def test_a_quantile_is_the_value_that_so_many_do_not_exceed() -> None:
    summary = Summary("latency", "meaning", ("code",))
    for value in range(1, 101):
        summary.observe(("200",), value)
    (family,) = summary.collect()
    samples = {sample.labels.get("quantile", sample.name): sample.value for sample in family.samples}
    assert samples == {
        "0.5": 50, "0.75": 75, "0.9": 90, "0.98": 98, "0.99": 99, "1": 100,
        "latency_sum": 5050, "latency_count": 100,
    }  # fmt: skip
