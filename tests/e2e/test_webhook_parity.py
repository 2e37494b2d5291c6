"""Whatever Seldon's admission webhook refuses, our validator refuses before: each violation goes to both.

The bodies are tried on the real API server, whose webhook is the operator's own (dry-run, so nothing is
stored). The declaration beside each body says the same in our words; where our words cannot say it, it is
written as a person would guess it, and the form of the files refuses it. The second table is the reverse:
what the webhook lets through, and we do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.load.documents import load
from reconciler.state.findings import Finding
from reconciler.validate.checks import check
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.bundles import OPERATOR
from scripts.local_cluster.operator_files import MODULE
from scripts.tools.toolchain import find_go, run_go
from tests.e2e.webhook_cases import REFUSED_BY_BOTH, REFUSED_BY_US_ALONE, Case, declare, predictor, spec

WEBHOOK = "apis/machinelearning.seldon.io/v1/seldondeployment_webhook.go"
OBJECTS = "/apis/machinelearning.seldon.io/v1/namespaces/default/seldondeployments?dryRun=All"


def validate(files: Mapping[str, str]) -> tuple[Finding, ...]:
    return check(load({path: text.encode() for path, text in files.items()})).findings


def submit(cluster: LocalCluster, body_spec: Mapping[str, Any], name: str = "wines") -> tuple[int, str]:
    """How the API server answers (status and message), webhook included."""
    answer = cluster.api.request(
        "POST",
        OBJECTS,
        {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "metadata": {"name": name, "namespace": "default"},
            "spec": body_spec,
        },
    )
    return answer.status, str(answer.body.get("message", ""))


def _names(cases: Mapping[str, Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases.values(), ids=tuple(cases))


def test_the_sound_declaration_and_the_sound_body_pass(operator_cluster: LocalCluster) -> None:
    assert validate(declare()) == ()
    status, message = submit(operator_cluster, spec(predictor("v1", 90), predictor("v2", 10)))
    assert (status, message) == (201, "")


@_names(REFUSED_BY_BOTH)
def test_what_the_webhook_refuses_is_refused_before(case: Case, operator_cluster: LocalCluster) -> None:
    status, message = submit(operator_cluster, case.spec, case.name)
    assert status == 422, message
    assert case.says in message
    assert case.rule in {finding.rule for finding in validate(case.files) if finding.is_error}


@_names(REFUSED_BY_US_ALONE)
def test_what_the_webhook_lets_through_is_refused_too(case: Case, operator_cluster: LocalCluster) -> None:
    status, message = submit(operator_cluster, case.spec, case.name)
    assert (status, message) == (201, "")
    assert case.rule in {finding.rule for finding in validate(case.files) if finding.is_error}


def test_every_rule_of_the_webhook_is_tried() -> None:
    """What the webhook's own source can say is what the cases make it say."""
    numbers = {int(name.partition("-")[0]) for name in REFUSED_BY_BOTH}
    assert numbers == set(range(1, 21))
    found = json.loads(run_go(find_go(), "mod", "download", "-json", MODULE, folder=OPERATOR.module))
    source = Path(found["Dir"], WEBHOOK).read_text(encoding="utf-8")
    refusals = re.findall(r"field\.Invalid\((.*)\)", source)
    messages = [re.findall(r'"([^"]*)"', refusal)[-1] for refusal in refusals]
    said = {case.says for case in REFUSED_BY_BOTH.values()}
    assert len(messages) == 22
    assert [
        text
        for text in messages
        if not any(text.startswith(words) or words.startswith(text) for words in said)
    ] == []
