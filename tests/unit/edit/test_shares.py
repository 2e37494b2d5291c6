"""Shares sum to 100 whoever comes or goes, and an earlier set comes back as it was."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.edit.restoring import Earlier, choose_earlier, list_dropped, restore
from reconciler.edit.shares import (
    Live,
    RequestRefused,
    describe_moves,
    find_variant,
    list_live,
    set_shares,
    take_share,
)
from reconciler.load.yaml import read
from reconciler.state.declarations import Deployment

NAME = "production/wines"
FILE = "environments/production/deployments/wines.yaml"


def make_live(*percents: int) -> tuple[Live, ...]:
    return tuple(
        Live(index=index, name=f"v{index + 1}", version=index + 1, percent=percent)
        for index, percent in enumerate(percents)
    )


def parse(text: str, revision: str = "") -> Earlier:
    document = read(FILE, text.encode()).document
    assert document is not None
    deployment = Deployment.model_validate(document.value)
    return Earlier(revision=revision, deployment=deployment, document=document)


def lay(shares: Mapping[int, int], more: str = "") -> str:
    items = "".join(f"  - version: {version}\n    traffic: {share}\n" for version, share in shares.items())
    return f"model: wines\nvariants:\n{items}{more}"


# Percents of up to five variants: the distances between sorted cuts of 100.
PERCENTS = st.lists(st.integers(0, 100), max_size=4).map(
    lambda cuts: tuple(b - a for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True))
)


@given(percents=PERCENTS, wanted=st.integers(0, 100))
def test_a_newcomer_gets_its_share_and_the_sum_stays(percents: tuple[int, ...], wanted: int) -> None:
    live = make_live(*percents)
    shares = take_share(NAME, live, wanted)
    after = [shares.get(variant.index, variant.percent) for variant in live]
    assert sum(after) + wanted == 100
    assert all(0 <= share <= variant.percent for share, variant in zip(after, live, strict=True))
    assert len(describe_moves(live, shares)) == len(shares)


@pytest.mark.parametrize(
    ("percents", "wanted", "giver", "shares"),
    [
        ((90, 10), 20, "", {0: 70}),
        ((50, 50), 20, "", {0: 30}),
        ((10, 90), 95, "", {1: 0, 0: 5}),
        ((90, 10), 5, "v2", {1: 5}),
        ((90, 10), 0, "", {}),
    ],
)
def test_the_largest_gives_first(
    percents: tuple[int, ...], wanted: int, giver: str, shares: dict[int, int]
) -> None:
    assert take_share(NAME, make_live(*percents), wanted, giver) == shares


def test_more_than_there_is_cannot_be_taken() -> None:
    with pytest.raises(RequestRefused, match="30 % is to be taken, and its live variants have 20 %"):
        take_share(NAME, make_live(20, 0), 30)
    with pytest.raises(RequestRefused, match="30 % is to be taken, and v1 has 20 %. Take 20 % at most"):
        take_share(NAME, make_live(20, 80), 30, "v1")


def test_a_version_that_is_live_under_two_names_is_to_be_named() -> None:
    live = parse(
        "model: wines\nvariants:\n"
        "- {version: 3, traffic: 50, rollout: 2}\n- {version: 3, traffic: 50, name: a}\n"
    )
    shares = list_live(live.deployment)
    assert [variant.name for variant in shares] == ["v3-r2", "a"]
    assert set_shares(NAME, shares, {"v3-r2": 40, "a": 60}) == {0: 40, 1: 60}
    with pytest.raises(RequestRefused, match="v3 is v3-r2 and a; name one of them"):
        set_shares(NAME, shares, {"v3": 50})


def test_roles_are_told_apart() -> None:
    deployment = parse(
        "model: wines\nvariants: [{version: 3, traffic: 100}, {version: 5, shadow: 9}]\n"
    ).deployment
    assert find_variant(deployment, 5, shadow=False) is None
    found = find_variant(deployment, 5, shadow=True)
    assert found is not None
    assert found.shadow == 9
    assert [variant.name for variant in list_live(deployment)] == ["v3"]


class TestEarlier:
    def test_steps_of_the_same_release_do_not_count(self) -> None:
        present = parse(lay({3: 20, 5: 80})).deployment
        earlier = [parse(lay(shares), str(shares)) for shares in ({3: 50, 5: 50}, {3: 100, 5: 0}, {2: 100})]
        found = choose_earlier(present, earlier)
        assert found is not None
        assert found.revision == "{3: 100, 5: 0}"
        found = choose_earlier(present, earlier, 2)
        assert found is not None
        assert found.revision == "{2: 100}"
        assert choose_earlier(present, earlier, 7) is None

    def test_other_models_and_sets_without_traffic_do_not_count(self) -> None:
        present = parse(lay({3: 100})).deployment
        others = [parse(lay({2: 100}).replace("wines", "prices")), parse(lay({2: 0}))]
        assert choose_earlier(present, others) is None

    def test_what_a_variant_served_with_comes_back(self) -> None:
        was = "model: wines\nvariants:\n- version: 2\n  traffic: 100\n  serving: {replicas: 3}\n"
        text = lay({3: 100}, "  # the challenger\nadopt: true # kept\n")
        restored = restore(FILE, text.encode(), parse(text).deployment, parse(was)).decode()
        assert restored == (
            "model: wines\nvariants:\n  - version: 2\n    traffic: 100\n    serving: {replicas: 3}\n"
            "  # the challenger\nadopt: true # kept\n"
        )

    def test_another_model_in_a_graph_makes_it_another_variant(self) -> None:
        def blend(version: int, share: int) -> str:
            return (
                f"  - name: blend\n    traffic: {share}\n    graph:\n      name: mean\n      type: combiner\n"
                f"      image: mean:1\n      children: [{{name: red, model: reds, version: {version}}}]\n"
            )

        was = parse(f"model: wines\nvariants:\n{blend(3, 100)}", "first")
        text = f"model: wines\nvariants:\n{blend(4, 90)}  - version: 3\n    traffic: 10\n"
        present = parse(text).deployment
        assert choose_earlier(present, [was]) == was
        assert list_dropped(present, was.deployment) == present.variants
        restored = restore(FILE, text.encode(), present, was).decode()
        assert parse(restored).deployment == was.deployment

    @given(
        before=st.dictionaries(st.integers(1, 6), st.integers(0, 100), min_size=1, max_size=4),
        after=st.dictionaries(st.integers(1, 6), st.integers(0, 100), min_size=1, max_size=4),
    )
    def test_the_live_set_is_that_of_before(self, before: dict[int, int], after: dict[int, int]) -> None:
        more = "  - {version: 9, shadow: 50}\n# the end\n"
        text = lay(after, more)
        present, target = parse(text), parse(lay(before))
        restored = parse(restore(FILE, text.encode(), present.deployment, target).decode()).deployment
        assert {live.version: live.percent for live in list_live(restored)} == before
        assert [variant.version for variant in restored.variants if variant.shadow] == [9]
        dropped = {variant.version for variant in list_dropped(present.deployment, target.deployment)}
        assert dropped == {v for v, share in after.items() if share and not before.get(v)}
