"""Which good set an emergency goes back to, and which manifests out of a record are believed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.pipeline.refusals import EmergencyRefused
from reconciler.pipeline.rollback import choose_set, read_manifest
from reconciler.plan.shares import read_shares
from reconciler.render.applyset import applyset_id, parent_name
from reconciler.render.digest import digest_manifest
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet, TargetRecord
from reconciler.state.objects import LiveObject, Manifest
from tests.support.worlds import TARGET, apply, edit, make_manifest

PART_OF = applyset_id(parent_name(TARGET.environment), TARGET.namespace)


def make(shares: dict[str, int]) -> Manifest:
    return make_manifest("wines", shares, part_of=PART_OF)


OLDER, OLD, NEW = make({"v2": 100}), make({"v3": 100}), make({"v3": 90, "v5": 10})


def make_good(manifest: Manifest, *, body: bool = True) -> GoodSet:
    return GoodSet(
        deployment="wines",
        model="wines",
        revision="main@sha1:77ad03e",
        digest=manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH],
        shares=read_shares(manifest.body),
        body=json.dumps(manifest.body) if body else "",
    )


def give_pod(body: Any, **spec: Any) -> None:
    body["spec"]["predictors"][0]["componentSpecs"] = [{"spec": spec}]


def choose(live: LiveObject | None, *good: GoodSet, before: tuple[GoodSet, ...] = ()) -> Manifest:
    record = TargetRecord(exists=True, good=good, before=before)
    return choose_set(record, live, TARGET, "wines")[1]


class TestWhichSet:
    def test_the_last_good_one_where_another_is_applied(self) -> None:
        chosen = choose(apply(NEW), make_good(OLD), before=(make_good(OLDER),))

        assert (chosen.key, chosen.body, chosen.digest) == (OLD.key, OLD.body, OLD.digest)

    def test_the_one_before_it_where_it_is_applied_itself(self) -> None:
        assert choose(apply(NEW), make_good(NEW, body=False), before=(make_good(OLD),)).body == OLD.body

    def test_the_last_good_one_where_the_object_is_gone(self) -> None:
        assert choose(None, make_good(OLD)).body == OLD.body

    def test_a_persons_edit_of_the_good_set_is_another_set(self) -> None:
        def change(body: Any) -> None:
            body["spec"]["predictors"][0]["traffic"] = 1

        edited = edit(apply(OLD), change, "spec", "predictors")

        assert choose(edited, make_good(OLD)).body == OLD.body
        with pytest.raises(EmergencyRefused, match=r"last good set \(v3 100 %\) is not kept"):
            choose(edited, make_good(OLD, body=False), before=(make_good(OLDER),))

    def test_sets_of_other_deployments_do_not_count(self) -> None:
        other = replace(make_good(OLD), deployment="prices")

        with pytest.raises(EmergencyRefused, match="no good set of production/wines is kept"):
            choose(apply(NEW), other, before=(other,))

    def test_none_where_the_only_one_is_applied(self) -> None:
        with pytest.raises(EmergencyRefused, match=r"at its last good set already \(v3 100 %\)"):
            choose(apply(OLD), make_good(OLD, body=False))

    def test_none_for_what_is_not_ours_or_goes_away(self) -> None:
        foreign = apply(make_manifest("wines", {"v3": 100}))
        with pytest.raises(EmergencyRefused, match="is not production's"):
            choose(foreign, make_good(OLD))
        with pytest.raises(EmergencyRefused, match="is being deleted"):
            choose(replace(apply(NEW), deleting=True), make_good(OLD))


class TestAManifestInTheRecord:
    """Whoever can write the ConfigMap must not choose what the caller's rights make."""

    def refuse(self, good: GoodSet) -> None:
        with pytest.raises(EmergencyRefused, match="is not that of its good set, so it is not applied"):
            read_manifest(good, TARGET, PART_OF)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda body: body.update(kind="Deployment"),
            lambda body: body.update(apiVersion="apps/v1"),
            lambda body: body["metadata"].update(name="prices"),
            lambda body: body["metadata"].update(namespace="kube-system"),
            lambda body: body["metadata"]["labels"].pop("modelsync.dev/environment"),
            lambda body: body["metadata"]["labels"].update({"applyset.kubernetes.io/part-of": "other"}),
            lambda body: body["metadata"].update(labels=[]),
            lambda body: body.update(metadata=7),
            lambda body: give_pod(body, hostNetwork=True),
            lambda body: give_pod(body, volumes=[{"name": "root", "hostPath": {"path": "/"}}]),
            lambda body: give_pod(body, containers=[{"name": "wines", "command": ["sh"]}]),
        ],
    )
    def test_must_be_of_this_deployment_whatever_digest_is_given_for_it(self, forge: Any) -> None:
        body = json.loads(json.dumps(OLD.body))
        forge(body)
        digest = digest_manifest(body)[7:19] if isinstance(body["metadata"], dict) else make_good(OLD).digest

        self.refuse(replace(make_good(OLD), body=json.dumps(body), digest=digest))

    @pytest.mark.parametrize("body", ["{", "7", "[]", "null", "[" * 5000])
    def test_must_be_one(self, body: str) -> None:
        self.refuse(replace(make_good(OLD), body=body))

    def test_must_be_the_one_that_was_good(self) -> None:
        self.refuse(replace(make_good(OLD), body=json.dumps(OLDER.body)))
        self.refuse(replace(make_good(OLD), digest=""))

    def test_must_say_the_shares_that_are_shown(self) -> None:
        self.refuse(replace(make_good(OLD), shares=read_shares(OLDER.body)))

    def test_is_taken_as_it_is_where_all_is_right(self) -> None:
        assert read_manifest(make_good(OLD), TARGET, PART_OF).body == OLD.body

    def test_may_name_things_as_people_like(self) -> None:
        body = json.loads(json.dumps(OLD.body))
        give_pod(body, nodeSelector={"lifecycle": "spot"})
        good = replace(make_good(OLD), body=json.dumps(body), digest=digest_manifest(body)[7:19])

        assert read_manifest(good, TARGET, PART_OF).body == body
