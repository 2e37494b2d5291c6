"""What a person reads before and after an emergency."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from reconciler.plan.shares import read_shares
from reconciler.report.text_emergency import list_running, show_ended, show_rollback, show_rolled_back
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import EmergencyMark, GoodSet, TargetRecord
from reconciler.state.objects import KINDS, ObjectKey
from tests.support.worlds import EARLIER, TARGET, apply, make_manifest

OLD = make_manifest("wines", {"v3": 100}, shadows={"v4": 100})
NEW = make_manifest("wines", {"v3": 90, "v5": 10})
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
MARK = EmergencyMark(
    deployment="wines",
    by="ann@example.com",
    reason="v5 answers nonsense",
    since=NOON,
    until=NOON + timedelta(hours=2),
    shares=read_shares(OLD.body),
)
ROLLBACK = Rollback(
    target=TARGET,
    live=apply(NEW),
    applied=read_shares(NEW.body),
    good=GoodSet(deployment="wines", model="wines", revision=EARLIER, digest="", shares=MARK.shares),
    manifest=OLD,
    mark=MARK,
    record=TargetRecord(),
)


def test_before_it_what_is_served_what_comes_back_until_when_and_why() -> None:
    assert show_rollback(ROLLBACK) == (
        "production/wines (namespace wines-production)\n"
        "  applied now   v3 90 %, v5 10 %\n"
        "  goes back to  v3 100 %, v4 shadow, which served well at main@sha1:77ad03e\n"
        "  runs          s3://mlflow/artifacts/1/models/m-3/artifacts and "
        "s3://mlflow/artifacts/1/models/m-4/artifacts\n"
        "  until         2026-11-23 14:00:00 UTC; sync leaves it alone meanwhile\n"
        "  by            ann@example.com: v5 answers nonsense"
    )


def test_what_could_not_be_made_sure_of_is_told_with_it() -> None:
    shown = show_rollback(replace(ROLLBACK, notes=("ann may not get the namespace",)))
    assert shown == f"{show_rollback(ROLLBACK)}\n  note: ann may not get the namespace"


def test_what_a_manifest_out_of_the_record_would_run_is_seen_before_it_does() -> None:
    pod = {"containers": [{"image": "evil:1", "env": [{"name": "x", "value": "y"}]}] * 2}
    node = {"modelUri": "s3://there/\x1b[2J", "children": [{"serviceAccountName": "owner"}, {"modelUri": ""}]}
    body = {"spec": {"predictors": [{"graph": node, "componentSpecs": [{"spec": pod}]}]}}

    assert list_running(body) == ['"s3://there/\\u001b[2J"', "service account owner", "image evil:1"]


def test_an_object_that_is_gone_is_told_and_so_is_what_stays() -> None:
    extra = ObjectKey(kind=KINDS[1], namespace=TARGET.namespace, name="wines-notes")
    shown = show_rollback(replace(ROLLBACK, live=None, applied=(), others=(extra,)))

    assert "  applied now   nothing: the object is not there\n" in shown
    assert shown.endswith("\n  ConfigMap/wines-notes of the same deployment stays as it is.")


def test_after_it_what_was_done_and_what_comes_next() -> None:
    assert show_rolled_back(ROLLBACK) == (
        "production/wines: rolled back to v3 100 %, v4 shadow.\n"
        "  Sync leaves it alone until 2026-11-23 14:00:00 UTC, and then makes it as git says: "
        "put that right meanwhile.\n"
        "  To end it earlier: modelsync emergency end production/wines"
    )


def test_its_end() -> None:
    assert show_ended("production/wines", MARK) == (
        "production/wines: the emergency of ann@example.com (v5 answers nonsense) has ended. "
        "The next sync makes it as git says: modelsync sync --only production/wines"
    )
