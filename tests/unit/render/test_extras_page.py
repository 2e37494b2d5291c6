"""EXTRAS.md says what is so: its example renders, and its tables name every value and every kind."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from reconciler.render.extras import find_values, render_extras
from reconciler.state.extras import ExtraTemplate
from reconciler.state.objects import EXTRA_KINDS
from reconciler.state.targets import Desired, Target
from tests.unit.render.building import COMMIT, PART_OF, deployment, variant

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "reconciler/render/EXTRAS.md").read_text(encoding="utf-8")
WINES = deployment(variant(3, 100))


def test_the_example_renders_with_the_kinds_that_it_allows() -> None:
    text, environment = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    desired = Desired(
        target=Target(environment="production", namespace="wines-production"),
        deployments=(WINES,),
        extras=(
            ExtraTemplate(name="metrics", file="environments/production/extras/metrics.yaml.j2", text=text),
        ),
        extra_kinds=tuple(yaml.safe_load(environment)["allow"]["kinds"]),
    )
    extras = render_extras(desired, part_of=PART_OF, commit=COMMIT)
    assert extras.faults == ()
    assert [str(manifest.key) for manifest in extras.manifests] == ["PodMonitor/wines-metrics"]


def test_every_value_is_named() -> None:
    _, _, table = PAGE.partition("## What a template may name")
    rows = [line for line in table.partition("##")[0].splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    values = find_values(WINES, {})
    assert named == set(values)
    assert all(f"`{key}`" in "".join(rows) for variant in values["variants"] for key in variant)


def test_every_kind_is_named_with_its_version_and_component() -> None:
    rows = [line.split("|")[1:4] for line in PAGE.splitlines() if "`components/extras-" in line]
    named = {(kind.strip(), version.strip()) for kinds, version, _ in rows for kind in kinds.split(",")}
    assert named == {(kind.name, kind.api_version) for kind in EXTRA_KINDS}
    components = {component.strip().strip("`") for _, _, component in rows}
    assert components == {
        f"components/{path.name}" for path in (REPOSITORY / "reconciler/deploy/components").glob("extras-*")
    }
