from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.clients.registry.interface import DatasetFacts, RunMissing
from reconciler.pin.evidence import MASK, choose_evidence, mask, to_value
from reconciler.pin.manifest import ManifestError, read_manifest
from reconciler.policy.records import compute_digest
from tests.unit.pin.building import (
    DETAILS,
    FACTS,
    FILES,
    LOCATION,
    LOGGED_MODEL,
    MANIFEST,
    MODEL_ID,
    RUN,
    a_record,
)


class TestIdentity:
    def test_it_names_the_version_and_the_place_of_its_files(self) -> None:
        identity = a_record().identity
        assert (identity.registry, identity.name, identity.version) == ("main", "wine-quality", 5)
        assert identity.source == LOCATION
        assert identity.logged_model == MODEL_ID
        assert identity.run == FACTS.run
        assert identity.created == "2026-11-21T14:03:22.417Z"

    def test_its_digest_is_that_of_the_files(self) -> None:
        assert a_record().identity.digest == compute_digest(FILES)

    def test_files_are_in_order_however_they_came(self) -> None:
        backwards = dict(reversed(list(FILES.items())))
        assert a_record(files=backwards) == a_record()
        assert list(a_record(files=backwards).identity.files) == ["MLmodel", "model.pkl"]


class TestLoader:
    def test_flavours_carry_what_decides_loading(self) -> None:
        assert a_record().loader.flavours == {
            "python_function": {"loader": "mlflow.sklearn"},
            "sklearn": {"version": "1.9.1", "serialization": "cloudpickle"},
        }
        assert (a_record().loader.mlflow, a_record().loader.python) == ("3.17.2", "3.11.7")

    def test_the_signature_is_unpacked(self) -> None:
        signature = a_record().loader.signature
        assert signature is not None
        assert [column["name"] for column in signature["inputs"]] == ["pH", "alcohol"]
        assert "params" not in signature

    def test_own_code_is_noted(self) -> None:
        manifest = b"flavors:\n  python_function: {loader_module: my.loader, code: code}\n"
        assert read_manifest(manifest).flavours["python_function"] == {"loader": "my.loader", "code": True}

    def test_a_model_without_signature_has_none(self) -> None:
        assert read_manifest(b"flavors: {custom: {}}").signature is None

    def test_numbers_that_are_no_json_become_text(self) -> None:
        manifest = b"""flavors: {custom: {}}\nsignature: {params: '[{"name": "t", "default": NaN}]'}\n"""
        assert read_manifest(manifest).signature == {"params": ({"name": "t", "default": "NaN"},)}

    @pytest.mark.parametrize(
        ("manifest", "said"),
        [
            (b"", "is not a mapping"),
            (b"- 1", "is not a mapping"),
            (b"flavors: [", "is not YAML that can be read"),
            (b"\xff\xfe\x00", "is not YAML that can be read"),
            (b"flavors: !!python/object/apply:os.system [id]", "is not YAML that can be read"),
            (b"a: " + b"[" * 5000, "is not YAML that can be read"),
            (b"name: x", "names no flavours"),
            (b"flavors: {}", "names no flavours"),
            (b"flavors: {sklearn: 1}", "flavour sklearn in its MLmodel is not a mapping"),
            (b"flavors: {x: {}}\nsignature: 1", "signature in its MLmodel is not a mapping"),
            (
                b"flavors: {x: {}}\nsignature: {inputs: '[{'}",
                "signature's inputs in its MLmodel are not JSON",
            ),
            (b"flavors: {x: {}} #" + b"x" * 1024 * 1024, "at most 1048576 are read"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_its_reason(self, manifest: bytes, said: str) -> None:
        with pytest.raises(ManifestError, match=said):
            read_manifest(manifest)


class TestEvidence:
    def test_the_logged_model_comes_before_the_run(self) -> None:
        evidence = choose_evidence(DETAILS)
        assert evidence.metrics == {"mae": 0.611, "rmse": 0.779}
        assert evidence.parameters == {"alpha": 0.1}

    def test_without_a_logged_model_the_run_says_it(self) -> None:
        evidence = choose_evidence(replace(DETAILS, logged_model=None))
        assert evidence.metrics == {"rmse": 9.0}
        assert evidence.parameters == {"alpha": 9}

    def test_a_run_that_is_gone_leaves_what_the_model_says(self) -> None:
        evidence = choose_evidence(replace(DETAILS, run=RunMissing(id="x")))
        assert evidence.metrics == {"mae": 0.611, "rmse": 0.779}
        assert evidence.dataset is None
        assert evidence.commit is None

    def test_commit_and_data_are_kept(self) -> None:
        evidence = choose_evidence(DETAILS)
        assert evidence.commit == "4be2a91" + "0" * 33
        assert evidence.dataset == {"name": "wine-quality", "digest": "c4e7", "context": "training"}

    @pytest.mark.parametrize(
        ("contexts", "kept"),
        [
            (("evaluation", "training"), {"name": "a", "digest": "0", "context": "evaluation"}),
            (("training", ""), {"name": "b", "digest": "1"}),
            # Which of two the metrics were measured on, nobody can say.
            (("validation", "training", "test"), {"name": "b", "digest": "1", "context": "training"}),
            (("validation", "test"), {"name": "a", "digest": "0", "context": "validation"}),
        ],
    )
    def test_of_several_datasets_the_one_that_metrics_were_measured_on_is_kept(
        self, contexts: tuple[str, ...], kept: Mapping[str, str]
    ) -> None:
        datasets = tuple(
            DatasetFacts(name="abc"[index], digest=str(index), context=context)
            for index, context in enumerate(contexts)
        )
        evidence = choose_evidence(replace(DETAILS, run=replace(RUN, datasets=datasets)))
        assert evidence.dataset == kept

    def test_tags_are_chosen_by_key(self) -> None:
        facts = replace(FACTS, tags={"validated": "true", "internal": "no"})
        evidence = choose_evidence(replace(DETAILS, facts=facts))
        assert evidence.tags == {"mlflow.runName": "alpha=0.1", "validated": "true"}

    def test_more_tags_can_be_asked_for(self) -> None:
        assert choose_evidence(DETAILS, ("mlflow.us*",)).tags == {"mlflow.user": "ann"}

    def test_metrics_that_are_no_finite_numbers_are_left_out(self) -> None:
        model = replace(LOGGED_MODEL, metrics={"loss": math.nan, "gain": math.inf, "rmse": 1.0})
        assert choose_evidence(replace(DETAILS, logged_model=model)).metrics == {"rmse": 1.0}


class TestMasking:
    @pytest.mark.parametrize(
        "key",
        [
            "password",
            "DB_PASSWORD",
            "api_key",
            "aws-access-key",
            "client_secret",
            "auth_token",
            "credentials",
        ],
    )
    def test_values_under_telling_keys_are_masked_whole(self, key: str) -> None:
        assert mask(key, "hunter2") == MASK

    @pytest.mark.parametrize("key", ["max_tokens", "tokenizer", "passes", "alpha", "keyboard"])
    def test_keys_that_only_look_alike_are_not(self, key: str) -> None:
        assert mask(key, "0.1") == "0.1"

    @pytest.mark.covers("B35")
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("https://ann:pw@example.com/data.csv", "https://***@example.com/data.csv"),
            ("key AKIAABCDEFGHIJKLMNOP used", "key *** used"),
            ("ghp_" + "a" * 36, "***"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc", "***"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "***"),
            ("plain text", "plain text"),
        ],
    )
    def test_telling_values_are_masked_anywhere(self, value: str, shown: str) -> None:
        assert mask("note", value) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("5", 5),
        ("-3", -3),
        ("1e-05", 1e-05),
        ("0.10", "0.10"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1" * 19, "1" * 19),
        ("true", "true"),
        ("", ""),
    ],
)
def test_a_parameter_is_a_number_only_where_that_is_how_it_was_written(text: str, value: object) -> None:
    assert to_value(text) == value
    assert type(to_value(text)) is type(value)


def test_the_same_facts_give_the_same_record() -> None:
    assert a_record() == a_record(manifest=MANIFEST + b"\n# a remark\n")
