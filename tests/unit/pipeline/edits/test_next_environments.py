"""When the environments that come next may take a version, as an edit tells it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.edits.next_environments import tell_next
from reconciler.policy.context import Context
from reconciler.state.history import History, ServedSpan
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse
from tests.support.shop import make_record

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
SOAK = "rules: {soak: {shadow: 0h, upTo10: 2h, above: 24h}}\n"
MODEL = "registeredModel: wine-quality\nowners: ['@wine-team']\n"


def declare(
    shares: str, *, rules: str = "", upstream: str = "[staging]", served: str = "3: 100"
) -> Repository:
    """staging/wines with these shares, and production/wines, which takes its versions from `upstream`."""
    files = {
        "models/wines/model.yaml": MODEL,
        **{f"models/wines/versions/{number}.yaml": make_record(number) for number in (3, 5)},
        "environments/staging/environment.yaml": "namespace: staging\n",
        "environments/qa/environment.yaml": "namespace: qa\n",
        "environments/production/environment.yaml": f"namespace: live\nupstream: {upstream}\n{rules}",
        "environments/staging/deployments/wines.yaml": _write(shares),
        "environments/production/deployments/wines.yaml": _write(served),
    }
    return parse(load({path: text.encode() for path, text in files.items()}))[0]


def _write(shares: str) -> str:
    variants = (share.split(": ") for share in shares.split(", "))
    lines = [f"  - {{version: {version}, traffic: {share}}}" for version, share in variants]
    return "\n".join(["model: wines", "variants:", *lines, ""])


def serve(version: int, hours: int) -> ServedSpan:
    """A version that serves in staging since so many hours."""
    return ServedSpan(
        environment="staging",
        deployment="wines",
        model="wines",
        version=version,
        digest="",
        shadow=False,
        share=100,
        since=NOW - timedelta(hours=hours),
        until=None,
        revision="4be2a91",
    )


def tell(before: Repository, after: Repository, *spans: ServedSpan) -> list[str]:
    history = History(head="4be2a91", complete=True, spans=spans)
    return list(tell_next(Context(repository=after, base=before, now=NOW, history=history)))


@pytest.mark.parametrize(
    ("rules", "upstream", "hours", "said"),
    [
        ("", "[staging]", 0, "may take v5 once this is merged"),
        ("", "[staging, qa]", 0, "may take v5 once this is merged, and once qa served it, too"),
        (
            SOAK,
            "[staging]",
            0,
            (
                "may take v5 as shadow at once, up to 10 % from 2026-11-23 16:00 UTC, "
                "above 10 % from 2026-11-24 14:00 UTC (rule soak, if this is merged now)"
            ),
        ),
        (
            SOAK,
            "[staging]",
            3,
            (
                "may take v5 as shadow at once, up to 10 % at once, "
                "above 10 % from 2026-11-24 11:00 UTC (rule soak, if this is merged now)"
            ),
        ),
        (SOAK, "[staging]", 30, "may take v5 once this is merged"),
    ],
)
def test_a_new_version_may_go_on_when_it_has_soaked(rules: str, upstream: str, hours: int, said: str) -> None:
    before = declare("3: 95, 5: 5" if hours else "3: 100", rules=rules, upstream=upstream)
    after = declare("3: 80, 5: 20", rules=rules, upstream=upstream)
    spans = [serve(5, hours)] if hours else []
    assert tell(before, after, *spans) == [f"next: production/wines {said}"]


def test_nothing_follows_where_the_version_serves_already_or_what_served_comes_back() -> None:
    there = declare("3: 100", served="5: 100"), declare("3: 80, 5: 20", served="5: 100")
    assert tell(*there) == []
    back = declare("5: 100", served="5: 100"), declare("3: 100", served="5: 100")
    assert tell(*back, serve(3, 50)) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (SOAK, "may take v5 above 10 % from 2026-11-24 11:00 UTC (rule soak, if this is merged now)"),
        ("", "may take v5 above 10 % once this is merged"),
    ],
)
def test_what_the_next_one_does_with_the_version_already_is_not_told(rules: str, said: str) -> None:
    before = declare("3: 95, 5: 5", rules=rules, served="3: 95, 5: 5")
    after = declare("3: 80, 5: 20", rules=rules, served="3: 95, 5: 5")
    assert tell(before, after, serve(5, 3)) == [f"next: production/wines {said}"]


def test_no_time_is_told_where_the_history_is_cut_short() -> None:
    cut = History(head="4be2a91", complete=False, spans=(serve(5, 3),))
    before, after = declare("3: 95, 5: 5", rules=SOAK), declare("3: 80, 5: 20", rules=SOAK)
    assert list(tell_next(Context(repository=after, base=before, now=NOW, history=cut))) == []


def test_nothing_is_told_without_a_history() -> None:
    context = Context(repository=declare("3: 80, 5: 20"), base=declare("3: 100"), now=NOW)
    assert list(tell_next(context)) == []
