"""Whose approval a change needs: by the owners that its base names."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.review.owners import list_owner_approvals
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND

OWNED: Mapping[str, str] = {
    **SOUND,
    ENVIRONMENT: f'{SOUND[ENVIRONMENT]}owners: ["@platform"]\n',
    "models/defaults.yaml": "serving: {replicas: 1}\n",
}


def _parse(files: Mapping[str, str]) -> Repository:
    return parse(load({path: text.encode() for path, text in files.items() if text}))[0]


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        (DEPLOYMENT, "@wine-team"),
        ("models/wines/versions/6.yaml", "@wine-team"),
        (MODEL, "@wine-team"),
        (ENVIRONMENT, "@platform"),
        ("environments/production/exceptions.yaml", "@platform"),
        ("models/defaults.yaml", "@platform"),
        # No line names a deployment that the base has not: the folder's owners decide.
        ("environments/production/deployments/new.yaml", "@platform"),
    ],
)
def test_owners_of_the_base_approve_what_changes(file: str, owner: str) -> None:
    (approval,) = list_owner_approvals(_parse(OWNED), [file])
    assert (approval.subject, approval.owners) == (file, (owner,))


def test_what_nobody_owns_needs_nobody() -> None:
    assert list(list_owner_approvals(_parse(OWNED), ["models/new/model.yaml"])) == []


def test_where_the_model_has_no_owner_those_of_the_environment_do() -> None:
    files = {**OWNED, MODEL: SOUND[MODEL].replace("@wine-team", "nobody")}
    (approval,) = list_owner_approvals(_parse(files), [DEPLOYMENT])
    assert approval.owners == ("@platform",)
