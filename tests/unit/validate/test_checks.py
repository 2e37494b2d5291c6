"""Everything that is wrong comes out of one call, sorted."""

from __future__ import annotations

from reconciler.load.documents import load
from reconciler.policy.policies import POLICIES
from reconciler.validate.checks import check


def test_findings_of_all_stages_come_together_sorted() -> None:
    files = {
        "environments/b/environment.yaml": b"namespace: wines\nupstream: [nowhere]\n",
        "environments/a/environment.yaml": b"namespace: yes\nx: 1\n",
        "models/wines.yml": b"",
    }
    found = check(load(files))
    assert [(str(f.location), f.rule) for f in found.findings] == [
        ("environments/a/environment.yaml:1:12", "plain-scalars"),
        ("environments/a/environment.yaml:2:1", "known-keys"),
        ("environments/b/environment.yaml:2:12", "references-exist"),
        ("models/wines.yml:1:1", "unknown-file"),
    ]


def test_what_was_looked_at_is_counted_faulty_or_not() -> None:
    files = {
        "environments/a/environment.yaml": b"namespace: wines\n",
        "environments/a/deployments/x.yaml": b"model: wines\nvariants: [{version: 1, traffic: 100}]\n",
        "environments/a/deployments/y.yaml": b"",
        "models/wines/versions/1.yaml": b"",
    }
    found = check(load(files))
    assert (found.environments, found.deployments, found.records) == (1, 2, 1)
    assert found.policies == len(POLICIES)
