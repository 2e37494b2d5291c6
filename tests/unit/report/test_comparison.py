"""What people and programs read of two environments."""

from __future__ import annotations

from reconciler.report.comparison import show_json, show_text
from reconciler.state.comparisons import DeploymentComparison, EnvironmentComparison, SettingDifference
from reconciler.state.documents import Location
from reconciler.state.explanations import Said, Setting
from reconciler.state.plans import VariantChange
from reconciler.state.shares import Share
from tests.unit.report.golden import check_golden


def share(version: int, percent: int, *, shadow: bool = False) -> Share:
    return Share(
        predictor=f"v{version}-shadow" if shadow else f"v{version}",
        version=f"v{version}",
        shadow=shadow,
        percent=percent,
    )


def variant(version: int, old: int | None, new: int | None, *, shadow: bool = False) -> VariantChange:
    made = share(version, 0, shadow=shadow)
    return VariantChange(predictor=made.predictor, version=made.version, shadow=shadow, old=old, new=new)


def setting(field: str, value: object, file: str, layer: str, *subjects: str) -> Setting:
    location = Location(file=file, line=7, column=13)
    said = Said(field=field, layer=layer, location=location, path=tuple(field.split(".")), value=value)
    return Setting(field=field, subjects=subjects, said=(said,))


STAGING, PRODUCTION = "environments/staging/environment.yaml", "environments/production/environment.yaml"
WINES = "environments/production/deployments/wines.yaml"
COMPARISON = EnvironmentComparison(
    left="staging",
    right="production",
    unreadable=("production/cider",),
    settings=(
        SettingDifference(
            field="platform.keda", left=(), right=(setting("platform.keda", True, PRODUCTION, "environment"),)
        ),
        SettingDifference(
            field="rules.max-prune",
            left=(setting("rules.max-prune", "50%", STAGING, "environment"),),
            right=(setting("rules.max-prune", {"value": 2, "grade": "hard"}, PRODUCTION, "environment"),),
        ),
    ),
    deployments=(
        DeploymentComparison(
            name="beers", left=(share(1, 100),), right=(share(1, 100),), variants=(variant(1, 100, 100),)
        ),
        DeploymentComparison(name="prices", left=(share(2, 100), share(3, 20, shadow=True)), right=None),
        DeploymentComparison(name="rums", left=None, right=(share(1, 100),)),
        DeploymentComparison(
            name="wines",
            left=(share(5, 100),),
            right=(share(3, 90), share(5, 10)),
            variants=(variant(5, 100, 10), variant(3, None, 90), variant(6, 20, None, shadow=True)),
            settings=(
                SettingDifference(
                    field="serving.env.API_TOKEN",
                    left=(setting("serving.env.API_TOKEN", "hush", STAGING, "environment", "v5"),),
                    right=(),
                ),
                SettingDifference(
                    field="serving.replicas",
                    left=(setting("serving.replicas", 1, STAGING, "environment", "v5"),),
                    right=(
                        setting("serving.replicas", 2, PRODUCTION, "environment", "v3"),
                        setting("serving.replicas", 1, WINES, "variant", "v5"),
                    ),
                ),
            ),
        ),
    ),
)


def test_side_by_side() -> None:
    check_golden("comparison.txt", show_text(COMPARISON))
    check_golden("comparison.json", show_json(COMPARISON))


def test_nothing_to_compare() -> None:
    assert show_text(EnvironmentComparison(left="a", right="b", deployments=())) == (
        "a and b\n  no deployments"
    )


def test_no_secret_is_printed() -> None:
    assert "hush" not in show_text(COMPARISON) + show_json(COMPARISON)
