"""Whose approval a change needs: of what is new, different or gone, by the owners that its base names."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.change_owners import list_owner_approvals
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse
from tests.support.shop import make_record
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND

OWNED: Mapping[str, str] = {
    **SOUND,
    ENVIRONMENT: f'{SOUND[ENVIRONMENT]}owners: ["@platform"]\n',
    "models/defaults.yaml": "serving: {replicas: 1}\n",
}
RECORD = "models/wines/versions/6.yaml"
EXCEPTIONS = "environments/production/exceptions.yaml"
MOVED = SOUND[DEPLOYMENT].replace("90", "80").replace("10", "20")


def _parse(files: Mapping[str, str]) -> Repository:
    return parse(load({path: text.encode() for path, text in files.items() if text}))[0]


@pytest.mark.parametrize(
    ("change", "owners"),
    [
        ({}, {}),
        ({DEPLOYMENT: MOVED}, {DEPLOYMENT: "@wine-team"}),
        ({DEPLOYMENT: ""}, {DEPLOYMENT: "@wine-team"}),
        ({RECORD: make_record(6)}, {RECORD: "@wine-team"}),
        ({MODEL: SOUND[MODEL].replace("@wine-team", "@me")}, {MODEL: "@wine-team"}),
        ({ENVIRONMENT: SOUND[ENVIRONMENT]}, {ENVIRONMENT: "@platform"}),
        ({EXCEPTIONS: "holds: []\n"}, {EXCEPTIONS: "@platform"}),
        ({"models/defaults.yaml": "serving: {replicas: 2}\n"}, {"models/defaults.yaml": "@platform"}),
        # No line names a deployment that the base has not: the folder's owners decide.
        (
            {"environments/production/deployments/new.yaml": SOUND[DEPLOYMENT]},
            {"environments/production/deployments/new.yaml": "@platform"},
        ),
        ({"models/new/model.yaml": SOUND[MODEL]}, {}),
    ],
)
def test_owners_of_the_base_approve_what_changes(
    change: Mapping[str, str], owners: Mapping[str, str]
) -> None:
    approvals = list_owner_approvals(_parse(OWNED), _parse({**OWNED, **change}))
    assert {item.subject: ", ".join(item.owners) for item in approvals} == owners


def test_where_the_model_has_no_owner_those_of_the_environment_do() -> None:
    files = {**OWNED, MODEL: SOUND[MODEL].replace("@wine-team", "nobody")}
    (approval,) = list_owner_approvals(_parse(files), _parse({**files, DEPLOYMENT: MOVED}))
    assert approval.owners == ("@platform",)
