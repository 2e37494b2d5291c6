"""The ApplySet ID is the one that kubectl computes."""

from __future__ import annotations

import re

import pytest

from reconciler.render.applyset import applyset_id, parent_name


@pytest.mark.covers("T22")
def test_id_equals_the_one_in_kubectls_own_tests() -> None:
    # The two vectors of k8s.io/kubectl v0.36.3, pkg/cmd/apply/apply_test.go.
    assert (
        applyset_id("my-set", "test", kind="Secret")
        == "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"
    )
    assert (
        applyset_id("my-set", "", kind="ApplySet", group="company.com")
        == "applyset-rhp1a-HVAVT_dFgyEygyA1BEB82HPp2o10UiFTpqtAs-v1"
    )


def test_parent_is_a_config_map_named_after_the_environment() -> None:
    assert parent_name("production") == "modelsync-production"
    # As kubectl 1.36.3 wrote it: apply --prune --applyset=configmap/modelsync-production -n wines-production
    assert (
        applyset_id("modelsync-production", "wines-production")
        == "applyset-iESmNLsA6mBCDlo3Ip3t0zXo1pnAChMUxN6_xQDehTc-v1"
    )


def test_id_is_a_label_value_and_tells_namespaces_apart() -> None:
    here = applyset_id(parent_name("production"), "wines-production")
    there = applyset_id(parent_name("production"), "prices-production")
    assert here != there
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", here)
