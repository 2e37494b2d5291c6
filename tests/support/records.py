"""Records of targets with very many objects, of which nothing repeats that would not repeat in a cluster."""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import datetime, timezone

from reconciler.state.inventory import (
    DIGEST_LENGTH,
    Condition,
    GoodSet,
    InventoryEntry,
    ObjectResult,
    RunSummary,
    TargetRecord,
)
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.plans import Action
from reconciler.state.shares import Share

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
_TOPICS = [
    "fraud",
    "churn",
    "price",
    "demand",
    "route",
    "credit",
    "risk",
    "rank",
    "offer",
    "basket",
    "click",
    "search",
    "image",
    "text",
    "voice",
    "claim",
    "lead",
    "stock",
    "energy",
    "load",
    "wind",
    "sensor",
    "anomaly",
    "yield",
    "crop",
    "soil",
    "ship",
    "fleet",
]
_PLACES = ["de", "fr", "nl", "be", "us", "uk", "jp", "br", "in", "mx"]


def make_names(count: int, chance: random.Random) -> tuple[str, ...]:
    """Names such as teams give: fraud-rank-de-217."""
    names: set[str] = set()
    while len(names) < count:
        topic, other, place = chance.choice(_TOPICS), chance.choice(_TOPICS), chance.choice(_PLACES)
        names.add(f"{topic}-{other}-{place}-{chance.randrange(1, 400)}")
    return tuple(sorted(names))


def make_record(count: int, namespace: str) -> TargetRecord:
    """A record of `count` objects with good sets and results: each of them failed, too."""
    chance = random.Random(count)
    entries, good, results = [], [], []
    for name in make_names(count, chance):
        key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=namespace, name=name)
        digest = hashlib.sha256(name.encode()).hexdigest()
        version = chance.randrange(1, 40)
        entries.append(
            InventoryEntry(
                key=key,
                deployment=name,
                uid=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                generation=chance.randrange(1, 30),
                digest=f"sha256:{digest}",
            )
        )
        shares = ((f"v{version}", 90), (f"v{version + 1}", 10))
        good.append(
            GoodSet(
                deployment=name,
                model=name,
                revision=f"main@sha1:{hashlib.sha256(bytes([chance.randrange(200)])).hexdigest()[:40]}",
                digest=digest[:DIGEST_LENGTH],
                shares=tuple(
                    Share(predictor=predictor, version=predictor, shadow=False, percent=percent)
                    for predictor, percent in shares
                ),
            )
        )
        message = (
            'admission webhook "v1.vseldondeployment.kb.io" denied the request: '
            f'spec.predictors[0].graph.implementation: Invalid value: "SERVER_{version}"'
        )
        results.append(ObjectResult(key=key, action=Action.FAILED, message=message))
    return TargetRecord(
        entries=tuple(entries),
        good=tuple(good),
        results=tuple(results),
        conditions=(Condition(type="Synced", status="False", reason="Findings", message="see results"),),
        history=tuple(
            RunSummary(revision="main@sha1:77ad03e", finished=NOON, outcome=1, summary=f"run {number} failed")
            for number in range(20)
        ),
    )
