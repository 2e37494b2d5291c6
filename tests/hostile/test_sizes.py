"""A pull request that is large in every way: what is said of it fits, and says what it left out."""

from __future__ import annotations

from tests.hostile.conftest import Call
from tests.support.shop import Shop

_FORGE_LIMIT = 65_536


def test_the_comment_on_a_giant_table_fits(shop: Shop, call: Call) -> None:
    for number in range(250):
        shop.declare(f"production/wines-{number}", {1: 100})
    ended = call("plan", "--base", "main", "-o", "markdown")
    assert len(ended.out) < _FORGE_LIMIT
    assert "left out" in ended.out
    assert ended.out.count("<details>") == ended.out.count("</details>")


def test_the_comment_on_endless_names_and_variants_fits(shop: Shop, call: Call) -> None:
    long = "x" * 30_000
    variants = "".join(f"  - {{version: {number}, traffic: 0}}\n" for number in range(4, 1_000))
    shop.write("environments/production/deployments/wines.yaml", f"model: wines\nvariants:\n{variants}")
    shop.write("environments/production/deployments/other.yaml", f'model: "{long}"\n"{long}": 1\n')
    shop.write(
        "environments/production/exceptions.yaml",
        f'freezes:\n  - {{objects: [production/*], from: 2020-01-01, until: 2099-01-01, reason: "{long}"}}\n',
    )
    shop.write(
        "models/wines/versions/2.yaml",
        (shop.folder / "models/wines/versions/2.yaml")
        .read_text(encoding="utf-8")
        .replace("{rmse: 0.7}", f'{{"{long}": 0.7}}'),
    )
    ended = call("plan", "--base", "main", "-o", "markdown")
    assert ended.code == 1
    assert len(ended.out) < _FORGE_LIMIT
    assert ended.out.count("<details>") == ended.out.count("</details>")


def test_annotations_stay_within_what_a_forge_takes(shop: Shop, call: Call) -> None:
    for number in range(100):
        shop.write(
            f"environments/production/deployments/wines-{number}.yaml", f"model: {'y' * 5_000}\nx: 1\n"
        )
    ended = call("validate", "-o", "github")
    assert ended.code == 1
    assert ended.out.count("::error ") == 10
    assert "more; the step's summary lists them" in ended.out
    assert len(ended.out) < 100_000
