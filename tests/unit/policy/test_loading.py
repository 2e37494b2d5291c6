"""What a server's image can load, by its row of the table and by what an environment says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.policy.abilities import Ability, find_ability, plain_name, stock_images
from reconciler.policy.engine import run_policies
from reconciler.policy.loading import Fault, Unknown, find_library, judge_loading, saved_format
from reconciler.policy.policies import loadable_by_server
from reconciler.policy.servers import STOCK_IMAGES
from reconciler.state.declarations import Loader, Loads, Platform, VersionRecord
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, SOUND, context, find, record, repository

MLSERVER = "seldonio/mlserver:1.7.1-mlflow"
OWN = "registry.example.com/ml/mlserver@sha256:" + "0" * 64
RECORD = "models/wines/versions/5.yaml"


def flavours(**sklearn: str) -> Mapping[str, Any]:
    return {"python_function": {"loader": "mlflow.sklearn"}, "sklearn": {"version": "1.9.1", **sklearn}}


def saved(as_: str = "cloudpickle", *, files: tuple[str, ...] = ("MLmodel",), **loader: Any) -> VersionRecord:
    """The record of a version that is saved so."""
    found = repository().models["wines"].records[5].declaration
    one = found.identity.files["MLmodel"]
    facts = {"flavours": flavours(serialization=as_), "mlflow": "3.17.2", "python": "3.11.7", **loader}
    return found.model_copy(
        update={
            "identity": found.identity.model_copy(update={"files": dict.fromkeys(files, one)}),
            "loader": Loader.model_validate(facts),
        }
    )


def stock(image: str) -> Ability:
    return Ability(image=image, stock=stock_images()[image], loads=None)


def own(**loads: Any) -> Ability:
    return Ability(image=OWN, stock=None, loads=Loads.model_validate(loads))


class TestTable:
    def test_every_row_names_its_source_and_is_read_whole(self) -> None:
        for image, row in stock_images().items():
            assert row.image == image == plain_name(image)
            assert re.match(r"SeldonIO/(MLServer|seldon-core)", row.source), image
            assert row.formats or row.files, image
            assert not set(row.formats) & set(row.not_known), image

    def test_the_stock_images_for_what_mlflow_logs_are_in_it(self) -> None:
        wanted = {image for image in STOCK_IMAGES if re.search("mlflow|sklearn|xgboostserver", image)}
        assert wanted <= set(stock_images())

    def test_a_digest_or_the_usual_registry_makes_no_other_image(self) -> None:
        assert plain_name(f"docker.io/{MLSERVER}@sha256:{'0' * 64}") == MLSERVER
        assert plain_name(f"mirror.example.com/{MLSERVER}") == f"mirror.example.com/{MLSERVER}"


class TestWhatIsSaidOfAnImage:
    PLATFORM = Platform.model_validate(
        {
            "servers": {"mlflow": {"v2": {"image": OWN, "loads": {"formats": ("skops",)}}}},
            "loads": {"registry.example.com/ml/*": {"mlflow": "<4"}},
        }
    )

    def test_it_is_said_beside_the_image(self) -> None:
        ability = find_ability(self.PLATFORM, "mlflow", "v2", OWN)
        assert ability == Ability(image=OWN, stock=None, loads=Loads.model_validate({"formats": ("skops",)}))

    def test_another_image_is_found_by_its_pattern(self) -> None:
        found = find_ability(self.PLATFORM, "mlflow", "v2", "registry.example.com/ml/other:1")
        assert found.loads == Loads.model_validate({"mlflow": "<4"})
        assert find_ability(self.PLATFORM, "sklearn", "v2", OWN).loads == found.loads

    def test_of_one_that_nobody_mentions_nothing_is_known(self) -> None:
        found = find_ability(self.PLATFORM, "mlflow", "v2", "other.example.com/ml/other:1")
        assert (found.stock, found.loads) == (None, None)


class TestJudgement:
    @pytest.mark.parametrize("format_", ["pickle", "cloudpickle"])
    @pytest.mark.parametrize("image", [name for name, row in stock_images().items() if row.formats])
    def test_every_mlflow_server_loads_what_every_mlflow_saved(self, image: str, format_: str) -> None:
        assert judge_loading(stock(image), saved(format_)) is None

    def test_skops_is_refused_with_the_ways_out(self) -> None:
        assert judge_loading(stock(MLSERVER), saved("skops")) == Fault(
            reason="it is saved as skops by MLflow 3.17.2; the image has MLflow 2.20.4 and loads pickle and "
            "cloudpickle",
            advice='Log the model with serialization_format="cloudpickle", pack its environment beside it '
            "(environment.tar.gz), or set serving.image to one that can.",
        )

    def test_a_server_that_builds_the_environment_takes_no_packed_one(self) -> None:
        found = judge_loading(
            stock("seldonio/mlflowserver:1.19.0"), saved("skops", files=("environment.tar.gz",))
        )
        assert isinstance(found, Fault)
        assert "environment.tar.gz" not in found.advice

    def test_a_format_that_nobody_tried_is_not_decided(self) -> None:
        found = judge_loading(stock("seldonio/mlflowserver:1.17.1"), saved("skops"))
        assert found == Unknown(reason="whether seldonio/mlflowserver:1.17.1 loads skops is not known")

    def test_what_the_environment_says_goes_before_the_table(self) -> None:
        loads = Loads.model_validate({"formats": ("skops",)})
        for image in (MLSERVER, "seldonio/mlflowserver:1.17.1"):
            assert judge_loading(replace(stock(image), loads=loads), saved("skops")) is None
            assert isinstance(judge_loading(replace(stock(image), loads=loads), saved("pickle")), Fault)

    def test_an_unknown_image_is_not_decided(self) -> None:
        found = judge_loading(Ability(image=OWN, stock=None, loads=None), saved())
        assert found == Unknown(reason=f"what {OWN} can load is not known")

    def test_what_loads_does_not_mention_is_taken_to_load(self) -> None:
        assert judge_loading(own(), saved("skops")) is None

    @pytest.mark.parametrize(
        ("loads", "words"),
        [
            ({"mlflow": "<=2.20"}, "it is saved by MLflow 3.17.2; the image loads <=2.20"),
            ({"python": "<3.11"}, "it is saved by Python 3.11.7; the image loads <3.11"),
            ({"libraries": {"sklearn": "<1.8"}}, "it is saved by sklearn 1.9.1; the image loads <1.8"),
        ],
    )
    def test_versions_outside_of_what_it_loads_are_refused(self, loads: dict[str, Any], words: str) -> None:
        found = judge_loading(own(**loads), saved())
        assert isinstance(found, Fault)
        assert found.reason == words

    def test_a_version_that_is_not_recorded_is_within_all_bounds(self) -> None:
        loads = {"mlflow": "<2", "python": "<3", "libraries": {"xgboost": "<1"}}
        assert judge_loading(own(**loads), saved(mlflow=None, python=None)) is None
        assert judge_loading(own(mlflow="<2"), saved(mlflow="main")) is None

    def test_a_packed_environment_runs_in_an_own_image_too(self) -> None:
        packed = saved("skops", files=("MLmodel", "environment.tar.gz"))
        assert judge_loading(own(formats=("pickle",)), packed) is None

    def test_a_record_without_flavours_says_nothing(self) -> None:
        assert judge_loading(stock(MLSERVER), saved(flavours={})) is None


class TestWhatIsSaved:
    @pytest.mark.parametrize(
        ("said", "library", "format_"),
        [
            (flavours(serialization="skops"), "sklearn", "skops"),
            ({"python_function": {"loader": "mlflow.pyfunc.model"}}, "python_function", ""),
            ({"xgboost": {"version": "3.0"}}, "xgboost", ""),
            ({"python_function": "odd", "sklearn": "odd"}, "sklearn", ""),
        ],
    )
    def test_the_library_is_the_one_that_pyfunc_loads_with(
        self, said: Mapping[str, Any], library: str, format_: str
    ) -> None:
        loader = Loader.model_validate({"flavours": said})
        assert find_library(loader) == library
        assert saved_format(loader) == format_


class TestPolicy:
    SKOPS = record(5).replace(
        "flavours: {}",
        "flavours: {python_function: {loader: mlflow.sklearn}, sklearn: {serialization: skops}}\n"
        "  mlflow: 3.17.2",
    )

    def test_an_unknown_image_is_undecided_once_for_all_that_use_it(self) -> None:
        second = "environments/production/deployments/more.yaml"
        said = context(
            {
                RECORD: self.SKOPS,
                ENVIRONMENT: f'{SOUND[ENVIRONMENT]}serving: {{image: "{OWN}"}}\n',
                second: SOUND[DEPLOYMENT],
            }
        )
        judged = run_policies(said, (loadable_by_server.POLICY,))
        assert judged.findings == ()
        (gap,) = judged.undecided
        assert gap.reason == (
            f"what {OWN} can load is not known (production/more and 1 more); say it in "
            "environments/production/environment.yaml: platform.loads"
        )

    def test_a_server_that_no_layer_names_is_no_matter_of_this_rule(self) -> None:
        bare = 'registeredModel: wine-quality\nowners: ["@a"]\n'
        assert find("loadable-by-server", {RECORD: self.SKOPS, "models/wines/model.yaml": bare}) == ()
        custom = f"{bare}serving: {{server: custom, protocol: v2}}\n"
        assert find("loadable-by-server", {RECORD: self.SKOPS, "models/wines/model.yaml": custom}) == ()
