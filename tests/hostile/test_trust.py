"""A pull request that would judge itself: waivers, rules, owners, signers and records that it brings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.source.interface import Revision
from reconciler.clients.source.local import LocalRepository
from reconciler.load.documents import load
from reconciler.pin.verification import verify_records
from reconciler.pin.writer import write_record
from reconciler.pipeline.sync.signing import SIGNERS_FILE, Trust, ask_signatures
from reconciler.state.declarations import VersionRecord
from reconciler.state.repository import Entry
from reconciler.validate.parse import parse
from tests.hostile.conftest import Call
from tests.support.git_servers import Repository
from tests.support.shop import Shop, make_record
from tests.support.signing import Signer, commit_signed, make_signer
from tests.unit.pin.building import FACTS, a_record

ENVIRONMENT = "environments/production/environment.yaml"
RECORD = "models/wines/versions/4.yaml"


def _validate(call: Call) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(call("validate", "--base", "main", "-o", "json").out)
    return shown


def _reorder(shop: Shop) -> None:
    shop.write(
        "environments/production/deployments/wines.yaml",
        "model: wines\nvariants:\n  - {version: 2, traffic: 10}\n  - {version: 1, traffic: 90}\n",
    )


def _waive(shop: Shop, *rules: str) -> None:
    until = (datetime.now(timezone.utc) + timedelta(days=10)).date().isoformat()
    lines = (
        f"  - {{rule: {rule}, objects: [production/wines], reason: mine, until: {until}}}\n" for rule in rules
    )
    shop.write("environments/production/exceptions.yaml", f"waivers:\n{''.join(lines)}")


def _edit(shop: Shop, path: str, old: str, new: str) -> None:
    text = (shop.folder / path).read_text(encoding="utf-8")
    assert old in text
    (shop.folder / path).write_text(text.replace(old, new), encoding="utf-8")


def _errors(shown: dict[str, Any]) -> Sequence[str]:
    return [item["rule"] for item in shown["findings"] if item["grade"] != "advisory"]


def test_a_waiver_for_itself_needs_the_owners_of_the_rules(shop: Shop, call: Call) -> None:
    _reorder(shop)
    _waive(shop, "variant-order")
    shown = _validate(call)
    assert [(item["rule"], item["owners"]) for item in shown["approvals"]] == [
        ("variant-order", ["@platform"])
    ]


def test_a_waiver_with_owners_of_its_own_needs_those_of_the_base(shop: Shop, call: Call) -> None:
    _reorder(shop)
    _waive(shop, "variant-order")
    _edit(shop, ENVIRONMENT, '"@platform"', '"@mallory"')
    owners = [item["owners"] for item in _validate(call)["approvals"]]
    assert owners == [["@platform"], ["@platform"]]


def test_where_nobody_owns_the_rules_a_waiver_for_itself_is_an_error(shop: Shop, call: Call) -> None:
    shop.git("checkout", "-q", "main")
    _edit(shop, ENVIRONMENT, 'owners: ["@platform"]\n', "")
    shop.commit()
    shop.git("checkout", "-q", "-B", "change")
    _reorder(shop)
    _waive(shop, "variant-order")
    _edit(shop, ENVIRONMENT, "namespace:", 'owners: ["@mallory"]\nnamespace:')
    assert "waiver-needs-approval" in _errors(_validate(call))


def test_no_waiver_lifts_what_judges_waivers_and_rules(shop: Shop, call: Call) -> None:
    _reorder(shop)
    _waive(shop, "variant-order", "waiver-needs-approval", "rules-loosened", "waiver-too-long")
    _edit(shop, ENVIRONMENT, '"@platform"', '"@mallory"')
    shown = _validate(call)
    assert {item["rule"] for item in shown["waived"]} == {"variant-order"}
    assert {item["rule"] for item in shown["approvals"]} >= {"variant-order", "rules-loosened"}


def test_no_waiver_lifts_a_rule_of_form_or_a_hard_one(shop: Shop, call: Call) -> None:
    shop.declare("production/wines", {1: 90, 2: 20})
    _waive(shop, "traffic-sums-to-100")
    shown = _validate(call)
    assert "traffic-sums-to-100" in _errors(shown)
    assert shown["waived"] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("protected: true", "protected: false"),
        ("rules: {max-traffic-step: 20}", "rules: {max-traffic-step: 100}"),
        ("rules: {max-traffic-step: 20}", ""),
        ("rules: {variant-order: {grade: hard}}", "rules: {variant-order: {grade: advisory}}"),
        ('owners: ["@platform"]', "owners: []"),
        ('owners: ["@platform"]', 'owners: ["@platform", "@mallory"]'),
    ],
)
def test_rules_loosened_by_the_change_need_those_who_owned_them(
    shop: Shop, call: Call, before: str, after: str
) -> None:
    shop.git("checkout", "-q", "main")
    if not before.startswith("owners"):
        _edit(shop, ENVIRONMENT, "namespace:", f"{before}\nnamespace:")
        shop.commit()
    shop.git("checkout", "-q", "-B", "change")
    _edit(shop, ENVIRONMENT, before, after)
    approvals = [(item["rule"], item["owners"]) for item in _validate(call)["approvals"]]
    assert ("rules-loosened", ["@platform"]) in approvals


def test_a_second_environment_over_the_same_namespace_is_refused(shop: Shop, call: Call) -> None:
    shop.add_environment("sandbox", "wines-production")
    shop.declare("sandbox/wines", {3: 100})
    assert "one-target-per-object" in _errors(_validate(call))


def test_code_owners_that_are_changed_by_hand_are_found(shop: Shop, call: Call) -> None:
    shop.git("checkout", "-q", "main")
    assert call("codeowners", "--write").code == 0
    shop.commit()
    shop.git("checkout", "-q", "-B", "change")
    assert _errors(_validate(call)) == []
    written = (shop.folder / "CODEOWNERS").read_text(encoding="utf-8")
    for text in (written.replace("@platform", "@mallory"), f"{written}* @mallory\n", "* @mallory\n", ""):
        shop.write("CODEOWNERS", text)
        assert "codeowners-current" in _errors(_validate(call))
    shop.write("CODEOWNERS", written)
    shop.write(".github/CODEOWNERS", "* @mallory\n")
    assert "codeowners-current" in _errors(_validate(call))


def test_code_owners_that_a_change_removes_are_found(shop: Shop, call: Call) -> None:
    shop.git("checkout", "-q", "main")
    assert call("codeowners", "--write").code == 0
    shop.commit()
    shop.git("checkout", "-q", "-B", "change")
    (shop.folder / "CODEOWNERS").unlink()
    (found,) = _validate(call)["findings"]
    assert (found["rule"], found["file"]) == ("codeowners-current", "CODEOWNERS")
    assert "the block of modelsync codeowners is gone, which CODEOWNERS has in the base" in found["message"]
    shop.commit()
    planned = call("plan", "--base", "main", "--head", "change")
    assert planned.code == 1
    assert "verdict: fail\n  1 error in the declarations" in planned.out
    assert _errors(_validate(call)) == ["codeowners-current"]


def test_what_checks_a_change_is_owned_by_the_owners_of_the_rules(shop: Shop, call: Call) -> None:
    assert call("codeowners", "--write").code == 0
    written = (shop.folder / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    for place in (".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/", ".gitlab-ci.yml"):
        assert f"/{place} @platform" in written


def test_owners_and_signers_are_owned_wherever_a_change_puts_them(shop: Shop, call: Call) -> None:
    assert call("codeowners", "--write").code == 0
    written = (shop.folder / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    for place in ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".modelsync/"):
        assert f"/{place} @platform" in written


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "signed")


@pytest.fixture
def ada(tmp_path: Path) -> Signer:
    return make_signer(tmp_path, "ada@example.com")


@pytest.fixture
def mallory(tmp_path: Path) -> Signer:
    return make_signer(tmp_path, "mallory@example.com")


@pytest.fixture
def applied(repository: Repository, ada: Signer) -> str:
    """What was applied last: Ada alone may sign."""
    return commit_signed(repository, ada, **{SIGNERS_FILE: ada.allow()})


def _refusals(repository: Repository, applied: str, mode: str) -> Iterator[str]:
    sha = repository.git("rev-parse", "HEAD")
    with LocalRepository(repository.path) as source:
        ask = ask_signatures(source, Revision(ref="main", sha=sha), Trust(mode=mode), "production")
        yield from (refusal.message for refusal in ask(f"main@sha1:{applied}"))


@pytest.mark.parametrize("mode", ["head", "range"])
def test_a_key_that_a_commit_brings_does_not_count_for_it(
    repository: Repository, ada: Signer, mallory: Signer, applied: str, mode: str
) -> None:
    own = {SIGNERS_FILE: ada.allow() + mallory.allow()}
    commit_signed(repository, mallory, "let me in", **own)
    commit_signed(repository, mallory, **{"environments/production/deployments/evil.yaml": "model: x\n"})
    (message,) = _refusals(repository, applied, mode)
    assert "is signed with a key that may not sign" in message


def test_a_signed_tip_does_not_cover_what_lies_below_it(
    repository: Repository, ada: Signer, mallory: Signer, applied: str
) -> None:
    commit_signed(repository, mallory, **{"environments/production/deployments/evil.yaml": "model: x\n"})
    commit_signed(repository, ada, **{"README.md": "fine\n"})
    (message,) = _refusals(repository, applied, "range")
    assert "1 of 1 commits" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 4", "version: 3"),
        ("registry: main", "registry: mallory"),
        ("name: wine-quality", "name: other"),
        ('digest: "sha256:', 'digest: "sha256:0'),
        ("bytes: 100", "bytes: 101"),
    ],
)
def test_a_record_that_is_not_its_own_is_found(shop: Shop, call: Call, old: str, new: str) -> None:
    forged = make_record(4).replace(old, new)
    if "sha256:0" in new:
        digest = make_record(4).partition('digest: "')[2].partition('"')[0]
        forged = make_record(4).replace(digest, make_record(3).partition('digest: "')[2].partition('"')[0])
    shop.write(RECORD, forged)
    assert "record-matches" in _errors(_validate(call))


def test_a_record_that_nobody_compared_is_not_passed(shop: Shop, call: Call) -> None:
    shop.write(RECORD, make_record(4))
    shop.declare("production/wines", {1: 80, 2: 10, 4: 10})
    shown = call("plan", "--base", "main", "-o", "markdown").out
    assert "❓ unverified" in shown
    assert "not compared with the registry: wine-quality v4" in shown
    assert call("validate", "--base", "main", "--strict").code == 3


def _file(record: VersionRecord) -> Entry[VersionRecord]:
    read, _ = parse(load({"models/wines/versions/5.yaml": write_record(record).encode()}))
    return read.models["wines"].records[5]


@pytest.mark.parametrize(
    "change",
    [
        {"run": "0" * 32},
        {"logged_model": f"m-{'0' * 32}"},
        {"created": "2020-01-01T00:00:00.000Z"},
        {"version": 3},
        {"name": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_record_that_the_registry_does_not_know_so_is_refused(change: dict[str, Any]) -> None:
    genuine = a_record()
    forged = genuine.model_copy(update={"identity": genuine.identity.model_copy(update=change)})
    assert verify_records([_file(genuine)], [FACTS]) == ()
    assert verify_records([_file(forged)], [FACTS]) != ()


def test_what_the_registry_answers_is_text_in_the_comment(shop: Shop, call: Call) -> None:
    words = "</td><img src=x onerror=1> @everyone [x](https://evil.example) | a \\u001b[31m\\u202e\\n## big"
    for version, value in ((1, 0.8), (4, 0.7)):
        text = make_record(version).replace("{rmse: 0.7}", f'{{"{words}": {value}, rmse: {value}}}')
        shop.write(f"models/wines/versions/{version}.yaml", text)
    shop.declare("production/wines", {1: 80, 2: 10, 4: 10})
    shown = call("plan", "--base", "main", "-o", "markdown").out
    assert "not compared with the registry" in shown
    outside = "\n".join(line for line in shown.splitlines() if line.startswith(("|", "- ", "#")))
    for markup in ("<img", "@everyone", "](https", "\n## ", "\x1b", "\u202e", "https://"):
        assert markup not in outside


def test_a_declaration_says_nothing_of_where_credentials_go(shop: Shop, call: Call) -> None:
    for path, lines in (
        ("models/wines/model.yaml", "trackingUri: https://evil.example\n"),
        (ENVIRONMENT, "kubeconfig: /tmp/x\nregistry: https://evil.example\n"),
    ):
        text = (shop.folder / path).read_text(encoding="utf-8")
        (shop.folder / path).write_text(text + lines, encoding="utf-8")
    assert _errors(_validate(call)).count("known-keys") == 3
