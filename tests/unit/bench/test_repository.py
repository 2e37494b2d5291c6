from __future__ import annotations

from collections import Counter

import pytest

from reconciler.load.documents import load
from reconciler.validate.checks import check
from scripts.bench.repository import Size, generate

SMALL = Size(environments=3, deployments=2, models=4, versions=3)


def count_kinds(paths: list[str]) -> Counter[str]:
    return Counter(
        "deployment" if "/deployments/" in path else "record" if "/versions/" in path else path.split("/")[-1]
        for path in paths
    )


def test_the_default_is_a_thousand_deployments_and_four_hundred_pins() -> None:
    assert count_kinds(list(generate(Size()))) == {
        "environment.yaml": 200,
        "deployment": 1000,
        "model.yaml": 20,
        "record": 400,
    }
    assert str(Size()) == "200 environments, 1000 deployments, 400 version records"


def test_is_the_same_every_time() -> None:
    assert list(generate(SMALL).items()) == list(generate(SMALL).items())


def test_validation_reads_all_of_it_and_finds_nothing() -> None:
    result = check(load({path: text.encode() for path, text in generate(SMALL).items()}))
    assert [str(finding) for finding in result.findings] == []
    assert (result.environments, result.deployments, result.records) == (3, 6, 12)


def test_every_model_and_nearly_every_version_is_served() -> None:
    size = Size()
    texts = [text for path, text in generate(size).items() if "/deployments/" in path]
    assert len({text.splitlines()[0] for text in texts}) == size.models
    assert len(set(texts)) > 300


@pytest.mark.parametrize(
    "size", [Size(versions=1), Size(deployments=5, models=4)], ids=["one version", "too few models"]
)
def test_what_cannot_be_laid_out_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="cannot lay out"):
        generate(size)
