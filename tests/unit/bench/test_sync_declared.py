from __future__ import annotations

import pytest
import yaml

from scripts.bench.sync.declared import Declared, declare, name_deployment, name_namespace


def test_objects_are_spread_evenly_over_the_environments() -> None:
    files = declare(Declared(objects=15))
    for environment in ("region-1", "region-5"):
        folder = f"environments/{environment}/deployments/"
        assert sorted(path for path in files if path.startswith(folder)) == [
            f"{folder}{name_deployment(place)}.yaml" for place in range(3)
        ]
        assert (
            f"namespace: {name_namespace(environment)}\n"
            in files[f"environments/{environment}/environment.yaml"]
        )


def test_each_has_two_versions_that_take_traffic() -> None:
    declared = yaml.safe_load(
        declare(Declared(objects=5))["environments/region-1/deployments/served-00000.yaml"]
    )
    assert [variant["traffic"] for variant in declared["variants"]] == [90, 10]
    assert "retire" not in declared


def test_all_but_the_kept_ones_are_retired() -> None:
    declared = Declared(objects=15, kept=1)
    files = declare(declared)
    retired = [path for path, text in files.items() if "retire: true" in text]
    assert declared.pruned == len(retired) == 10
    assert "environments/region-1/deployments/served-00000.yaml" not in retired


@pytest.mark.parametrize("objects", [0, 4, 12])
def test_objects_that_cannot_be_spread_are_refused(objects: int) -> None:
    with pytest.raises(ValueError, match="cannot be spread evenly"):
        declare(Declared(objects=objects))
