"""Policies about what records say: inputs, metrics, code; and about budget and start-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy, run_policies
from reconciler.policy.policies import (
    budget_kept,
    inputs_compatible,
    metric_gates,
    pickle_approved,
    start_up_fits,
)
from reconciler.policy.policies.metric_gates import is_worse, read_gate
from reconciler.policy.policies.pickle_approved import list_code
from reconciler.policy.policies.storage_allowed import is_under
from reconciler.policy.signatures import list_differences, read_inputs
from reconciler.state.declarations import Loader
from tests.unit.policy.building import (
    DEPLOYMENT,
    ENVIRONMENT,
    NOW,
    SOUND,
    context,
    deployment,
    find,
    record,
    repository,
    tell,
)

FLAVOURS = "flavours: {python_function: {loader: mlflow.sklearn}, sklearn: {serialization: cloudpickle}}"
V3, V5 = "models/wines/versions/3.yaml", "models/wines/versions/5.yaml"


def with_inputs(version: int, inputs: str | None) -> str:
    signature = "" if inputs is None else f"\n  signature: {{inputs: {inputs}}}"
    return record(version).replace("flavours: {}", f"{FLAVOURS}{signature}")


def with_evidence(version: int, **evidence: Any) -> str:
    return record(version).replace("evidence: {}", f"evidence: {evidence}")


def with_rules(rules: str) -> str:
    return f"{SOUND[ENVIRONMENT]}rules: {rules}\n"


def gaps(policy: Policy, said: Context) -> list[str]:
    judged = run_policies(said, (policy,))
    assert judged.findings == ()
    return [gap.reason for gap in judged.undecided]


def columns(**types: str) -> tuple[Mapping[str, Any], ...]:
    """Columns by name; a type that ends with ? is of one that is not required."""
    return tuple(
        {"name": name, "type": kind.rstrip("?"), "required": not kind.endswith("?")}
        for name, kind in types.items()
    )


def tensor(dtype: str, *shape: int, name: str = "") -> Mapping[str, Any]:
    named = {"name": name} if name else {}
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}, **named}


class TestInputs:
    @pytest.mark.parametrize(
        ("baseline", "other"),
        [
            (columns(a="double", b="long"), columns(b="long")),
            (columns(a="integer"), columns(a="long")),
            (columns(a="integer"), columns(a="double?")),
            (columns(a="float"), columns(a="double")),
            (columns(a="double"), columns(a="double", b="string?")),
            (({"name": "a", "type": "string"},), columns(a="string")),
            (columns(a="string?"), ({"name": "a", "type": "string", "optional": True},)),
            ((tensor("float64", -1, 11),), (tensor("float64", -1, 11),)),
            ((tensor("float64", -1, name="a"),), (tensor("float64", -1, name="a"),)),
            ((), ()),
        ],
    )
    def test_what_the_other_takes_is_no_difference(self, baseline: Any, other: Any) -> None:
        assert list_differences(baseline, other) == ()

    @pytest.mark.parametrize(
        ("baseline", "other", "words"),
        [
            (columns(a="double"), columns(a="double", b="long"), 'needs column "b"'),
            (columns(a="long"), columns(b="long", c="long"), 'needs columns "b" and "c"'),
            (columns(a="long?"), columns(a="long"), 'always needs "a"'),
            (columns(a="long"), columns(a="double"), 'takes "a" as double, not as long'),
            (columns(a="double"), columns(a="float"), 'takes "a" as float, not as double'),
            (
                (tensor("float64", -1, name="a"),),
                (tensor("int64", -1, name="a"),),
                'takes "a" as a tensor of int64 [-1], not as a tensor of float64 [-1]',
            ),
            (
                columns(a="double"),
                (tensor("float64", -1, 1),),
                'takes a tensor of float64 [-1, 1], not double named "a"',
            ),
        ],
    )
    def test_what_it_does_not_take_is_said(self, baseline: Any, other: Any, words: str) -> None:
        assert list_differences(baseline, other) == (words,)

    @pytest.mark.parametrize("signature", [None, {}, {"inputs": "text"}, {"inputs": ("text",)}])
    def test_a_signature_of_no_known_form_is_none(self, signature: Any) -> None:
        assert read_inputs(Loader.model_validate({"flavours": {}, "signature": signature})) is None

    def test_one_without_a_signature_is_not_compared(self) -> None:
        said = context({V3: with_inputs(3, "[{name: a, type: long}]"), V5: with_inputs(5, None)})
        words = "production/wines: v5 has no signature to compare; log it with one"
        assert gaps(inputs_compatible.POLICY, said) == [words]
        said = context({V3: with_inputs(3, None), V5: with_inputs(5, "[{name: a, type: long}]")})
        assert gaps(inputs_compatible.POLICY, said) == [words.replace("v5", "v3")]

    def test_without_any_signature_there_is_nothing_to_compare(self) -> None:
        assert (
            gaps(inputs_compatible.POLICY, context({V3: with_inputs(3, None), V5: with_inputs(5, None)}))
            == []
        )

    def test_graphs_and_shadows_alone_are_not_compared(self) -> None:
        graph = "{traffic: 100, name: blend, graph: {name: red, model: wines, version: 3}}"
        shadow = "{version: 5, shadow: 100}"
        files = {V3: with_inputs(3, "[{name: a, type: long}]"), V5: with_inputs(5, "[{name: b, type: long}]")}
        assert find("inputs-compatible", {**files, DEPLOYMENT: deployment(graph, shadow)}) == ()
        assert find("inputs-compatible", {**files, DEPLOYMENT: deployment(shadow)}) == ()

    def test_a_missing_record_is_the_matter_of_another_rule(self) -> None:
        assert find("inputs-compatible", {V3: with_inputs(3, "[{name: a, type: long}]"), V5: None}) == ()


class TestMetricGates:
    GATES = with_rules("{metric-gates: {rmse: {max: 0.8, worseBy: 2%}}}")
    DATA: Mapping[str, Any] = {"name": "wine", "digest": "aa"}

    @pytest.mark.parametrize(
        "said",
        [
            0.8,
            {},
            {"better": "lower"},
            {"max": 0.8, "min": 0.2},
            {"max": True},
            {"max": "0.8"},
            {"worseBy": "2%"},
            {"max": 0.8, "worseBy": 2},
            {"max": 0.8, "worseBy": "2"},
            {"max": 0.8, "better": "higher"},
            {"min": 0.8, "better": "lower"},
            {"max": 0.8, "most": 1},
            {"worseBy": "2%", "better": "more"},
        ],
    )
    def test_what_is_no_gate_is_refused(self, said: Any) -> None:
        with pytest.raises(ValueError, match=r"\A\Z"):
            read_gate(said)

    @pytest.mark.parametrize(
        ("gate", "value", "baseline", "worse"),
        [
            ({"max": 1, "worseBy": "2%"}, 0.51, 0.5, False),
            ({"max": 1, "worseBy": "2%"}, 0.5101, 0.5, True),
            ({"worseBy": "0%", "better": "lower"}, 0.5, 0.5, False),
            ({"min": 0, "worseBy": "10%"}, 0.875, 1.0, True),
            ({"min": 0, "worseBy": "12.5%"}, 0.875, 1.0, False),
            ({"worseBy": "50%", "better": "higher"}, -3.0, -2.0, False),
            ({"worseBy": "49%", "better": "higher"}, -3.0, -2.0, True),
            ({"min": 0, "worseBy": "10%"}, float("nan"), 1.0, True),
            ({"min": 0, "worseBy": "10%"}, 1.0, float("inf"), True),
            ({"min": 0}, 0.1, 1.0, False),
        ],
    )
    def test_worse_is_measured_by_the_baseline(
        self, gate: Any, value: float, baseline: float, worse: bool
    ) -> None:
        assert is_worse(read_gate(gate), value, baseline) is worse

    def test_a_looser_gate_is_a_wider_one(self) -> None:
        measure = metric_gates.POLICY.parameter
        assert measure is not None
        tight = measure.measure({"rmse": {"max": 0.8, "worseBy": "2%"}, "r2": {"min": 0.2}})
        loose = measure.measure({"rmse": {"max": 0.9, "worseBy": "5%"}, "r2": {"min": 0.1}})
        assert all(loose[part] > size for part, size in tight.items())
        others: tuple[Any, ...] = (5, {})
        for other in others:
            with pytest.raises(ValueError, match=r"\A\Z"):
                measure.measure(other)

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            ({"dataset": DATA}, {"metrics": {"rmse": 0.7}, "dataset": DATA}, "wines v3 records no rmse"),
            (
                {"metrics": {"rmse": 0.7}, "dataset": DATA},
                {"metrics": {"rmse": 0.79}, "dataset": {**DATA, "digest": "bb"}},
                "they were measured on other data",
            ),
            (
                {"metrics": {"rmse": 0.7}},
                {"metrics": {"rmse": 0.79}, "dataset": DATA},
                "the data that they were measured on is not recorded",
            ),
            (
                {"metrics": {"rmse": 0.7}, "dataset": DATA},
                {"metrics": {"rmse": 0.79}, "dataset": {**DATA, "context": "training"}},
                "the data of the training is recorded, not that of the evaluation",
            ),
        ],
    )
    def test_what_is_not_comparable_is_not_decided(
        self, before: dict[str, Any], after: dict[str, Any], words: str
    ) -> None:
        files = {ENVIRONMENT: self.GATES, V3: with_evidence(3, **before), V5: with_evidence(5, **after)}
        reasons = [gap.reason for gap in run_policies(context(files), (metric_gates.POLICY,)).undecided]
        assert reasons == [f"production/wines: wines v5 and wines v3 are not comparable in rmse: {words}"]

    def test_a_replaced_baseline_is_compared_with_what_was_before(self) -> None:
        files = {
            ENVIRONMENT: self.GATES,
            V3: with_evidence(3, metrics={"rmse": 0.7}, dataset=dict(self.DATA)),
            V5: with_evidence(5, metrics={"rmse": 0.79}, dataset=dict(self.DATA)),
        }
        before = repository({**files, DEPLOYMENT: deployment("{version: 3, traffic: 100}")})
        after = repository({**files, DEPLOYMENT: deployment("{version: 5, traffic: 100}")})
        changed = Context(repository=after, base=before, now=NOW)
        (finding,) = run_policies(changed, (metric_gates.POLICY,)).findings
        assert "wines v5 has rmse 0.79, worse than the 0.7 of wines v3" in finding.message
        assert finding.subject == "production/wines"
        alone = Context(repository=after, now=NOW)
        assert run_policies(alone, (metric_gates.POLICY,)).findings == ()
        same = Context(repository=after, base=after, now=NOW)
        assert run_policies(same, (metric_gates.POLICY,)).findings == ()

    def test_what_serves_nobody_is_not_gated(self) -> None:
        graph = "{traffic: 100, name: blend, graph: {name: red, model: wines, version: 3}}"
        files = {ENVIRONMENT: self.GATES, DEPLOYMENT: deployment(graph, "{version: 5, shadow: 100}")}
        assert find("metric-gates", files) == ()
        assert find("metric-gates", {**files, DEPLOYMENT: deployment("{version: 9, traffic: 100}")}) == ()


class TestCode:
    @pytest.mark.parametrize(
        ("flavours", "words"),
        [
            ({"sklearn": {"serialization": "pickle"}}, ("it is saved as pickle",)),
            ({"sklearn": {"serialization": "skops"}}, ()),
            ({"python_function": {"loader": "mlflow.pyfunc.model"}}, ("it is a Python model",)),
            ({"python_function": {"loader": "mlflow.xgboost"}, "xgboost": {}}, ()),
            ({"xgboost": {"code": True}, "python_function": "odd"}, ("it brings code of its own",)),
            ({}, ()),
        ],
    )
    def test_what_runs_when_it_is_loaded_is_named(self, flavours: Any, words: tuple[str, ...]) -> None:
        assert list_code(Loader.model_validate({"flavours": flavours})) == words

    def test_models_are_named_in_a_list(self) -> None:
        parameter = pickle_approved.POLICY.parameter
        assert parameter is not None
        assert parameter.measure({"models": ("wines",)}) == {"models.wines": 1}
        for other in ("wines", {"models": "wines"}, {"models": (1,)}, {"model": ("wines",)}):
            with pytest.raises(ValueError, match=r"\A\Z"):
                parameter.measure(other)


class TestBudget:
    def test_what_the_change_adds_is_said(self) -> None:
        budget = with_rules("{budget-kept: {cpu: 1}}")
        before = repository({ENVIRONMENT: budget, DEPLOYMENT: deployment("{version: 3, traffic: 100}")})
        changed = Context(repository=repository({ENVIRONMENT: budget}), base=before, now=NOW)
        (finding,) = run_policies(changed, (budget_kept.POLICY,)).findings
        assert finding.message == (
            "production: its deployments request 1400m of cpu (700m more than before), 400m more than its "
            "budget of 1; most by wines (1400m)."
        )
        assert (finding.subject, finding.location.line) == ("production", 8)

    def test_without_a_budget_or_deployments_nothing_is_counted(self) -> None:
        assert find("budget-kept") == ()
        assert (
            find("budget-kept", {ENVIRONMENT: with_rules("{budget-kept: {cpu: 1}}"), DEPLOYMENT: None}) == ()
        )

    def test_amounts_are_quantities(self) -> None:
        parameter = budget_kept.POLICY.parameter
        assert parameter is not None
        assert parameter.measure({"cpu": 40, "memory": "80Gi"}) == {"cpu": 40, "memory": 80 * 2**30}
        for other in (40, {}, {"gpu": 1}, {"cpu": 0.5}, {"cpu": True}, {"memory": "much"}):
            with pytest.raises(ValueError):  # noqa: PT011  # without words, or with those of quantities
                parameter.measure(other)


class TestStartUp:
    def test_a_longer_time_is_the_tighter_rule(self) -> None:
        parameter = start_up_fits.POLICY.parameter
        assert parameter is not None
        assert parameter.measure("1h")[""] < parameter.measure("20m")[""]
        for other in (20, "20", "soon"):
            with pytest.raises(ValueError, match=r"\A\Z"):
                parameter.measure(other)

    def test_an_image_of_ones_own_is_left_alone(self) -> None:
        own = "serving: {server: mlflow, protocol: seldon, startup: 1m, image: own/mlflowserver:1}\n"
        assert find("start-up-fits", {ENVIRONMENT: f"{SOUND[ENVIRONMENT]}{own}"}) == ()
        bare = {"models/wines/model.yaml": 'registeredModel: wine-quality\nowners: ["@a"]\n'}
        assert find("start-up-fits", bare) == ()


class TestStorage:
    @pytest.mark.parametrize(
        ("uri", "prefix", "under"),
        [
            ("s3://prod/1/m", "s3://prod", True),
            ("s3://prod/1/m", "s3://prod/", True),
            ("s3://prod", "s3://prod/", True),
            ("s3://prod-dev/1", "s3://prod", False),
            ("s3://prod/1", "s3://prod/10", False),
        ],
    )
    def test_a_prefix_ends_at_a_slash(self, uri: str, prefix: str, under: bool) -> None:
        assert is_under(uri, (prefix,)) is under

    def test_an_empty_list_allows_nothing(self) -> None:
        environment = SOUND[ENVIRONMENT].replace("allow:\n", "allow:\n  storage: []\n")
        told = tell(find("storage-allowed", {ENVIRONMENT: environment}))
        assert [line.split(" ", 1)[0] for line in told] == [f"{DEPLOYMENT}:3:14", f"{DEPLOYMENT}:5:14"]
        assert "may be read from nowhere" in told[0]
