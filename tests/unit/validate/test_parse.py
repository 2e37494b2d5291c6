"""From documents to a typed repository: what is sound is there, what is faulty is named."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from reconciler.load.documents import load
from reconciler.load.layout import FileKind
from reconciler.load.yaml import read
from reconciler.state.declarations import Deployment
from reconciler.state.findings import Finding, sort_findings
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse, parse_document

ENVIRONMENT = "environments/eu/environment.yaml"
EXCEPTIONS = "environments/eu/exceptions.yaml"
WINES = "environments/eu/deployments/wines.yaml"
PRICES = "environments/eu/deployments/prices.yaml"
MODEL = "models/wines/model.yaml"
DEFAULTS = "models/defaults.yaml"

SOUND = {
    ENVIRONMENT: "namespace: wines\n",
    WINES: "model: wines\nvariants: [{version: 3, traffic: 100}]\n",
    PRICES: "model: wines\nvariants: [{version: 5, traffic: 100}]\n",
    MODEL: 'registeredModel: wine-quality\nowners: ["@wine-team"]\n',
    DEFAULTS: "serving: {replicas: 1}\n",
}


def parse_texts(changes: Mapping[str, str]) -> tuple[Repository, tuple[Finding, ...]]:
    files = {path: text.encode() for path, text in {**SOUND, **changes}.items()}
    return parse(load(files))


def find(text: str, kind: FileKind = FileKind.DEPLOYMENT) -> list[tuple[str, str, str, str]]:
    document = read("f", text.encode()).document
    assert document is not None
    _, findings = parse_document(kind, document)
    return [(str(f.location), f.rule, f.message, f.advice) for f in sort_findings(findings)]


def test_a_sound_repository_is_typed_and_knows_its_places() -> None:
    repository, findings = parse_texts({})
    assert findings == ()
    entry = repository.environments["eu"].deployments["wines"]
    assert entry.declaration == Deployment.model_validate(
        {"model": "wines", "variants": ({"version": 3, "traffic": 100},)}
    )
    assert str(entry.document.at("variants", 0, "traffic")) == f"{WINES}:2:34"
    assert repository.models["wines"].model is not None
    assert repository.defaults is not None
    assert not repository.has_faulty_defaults


def test_an_empty_repository_is_empty() -> None:
    assert parse(load({})) == (Repository(), ())


@pytest.mark.parametrize(
    "text", ["model: wines\n", "model: wines\nvariants: [\n", "", "model: wines\nvariants: yes\n"]
)
def test_a_faulty_deployment_is_named_and_the_others_stay(text: str) -> None:
    environment = parse_texts({WINES: text})[0].environments["eu"]
    assert environment.faulty_deployments == {"wines"}
    assert set(environment.deployments) == {"prices"}


def test_a_file_with_a_fault_that_leaves_a_valid_value_is_faulty_all_the_same() -> None:
    repository, _ = parse_texts({WINES: SOUND[WINES] + "model: prices\n"})
    assert repository.environments["eu"].faulty_deployments == {"wines"}


EXPERIMENT = """\
model: wines
variants: [{version: 3, traffic: 90}, {version: 5, traffic: 10}]
experiment: {baseline: v3, challengers: [v5], reward: {name: rating}, minSamples: 1, until: 2026-12-01}
"""


def test_a_block_that_is_not_served_is_refused_and_typed_so_that_policies_judge_it() -> None:
    # Both files are the same bytes: what the second shares with the first is refused there too.
    given = {WINES: EXPERIMENT, PRICES: EXPERIMENT}
    repository, findings = parse_texts(given)
    assert {str(finding.location) for finding in findings} == {f"{WINES}:3:1", f"{PRICES}:3:1"}
    assert set(repository.environments["eu"].deployments) == {"wines", "prices"}
    again = parse(load({path: text.encode() for path, text in {**SOUND, **given}.items()}), like=repository)[
        1
    ]
    assert {finding.rule for finding in again} == {"not-served-yet"}


def test_a_namespace_with_a_placeholder_makes_its_file_faulty() -> None:
    repository, findings = parse_texts({ENVIRONMENT: 'namespace: "{team}-eu"\n'})
    assert repository.environments["eu"].environment is None
    assert [finding.rule for finding in findings] == ["not-served-yet"]


def test_faulty_files_of_every_kind_are_named() -> None:
    repository, _ = parse_texts(
        {
            ENVIRONMENT: "x: 1\n",
            EXCEPTIONS: "x: 1\n",
            MODEL: "x: 1\n",
            DEFAULTS: "x: 1\n",
            "models/wines/versions/3.yaml": "x: 1\n",
        }
    )
    environment, model = repository.environments["eu"], repository.models["wines"]
    assert environment.environment is None
    assert environment.has_faulty_exceptions
    assert environment.exceptions is None
    assert model.model is None
    assert model.faulty_records == {3}
    assert not model.records
    assert repository.defaults is None
    assert repository.has_faulty_defaults


def test_sound_exceptions_are_there() -> None:
    environment = parse_texts({EXCEPTIONS: "waivers: []\n"})[0].environments["eu"]
    assert environment.exceptions is not None
    assert not environment.has_faulty_exceptions


def test_a_folder_without_its_own_file_is_a_finding_at_the_place_of_the_file() -> None:
    text = "model: wines\nvariants: [{version: 3, traffic: 100}]\n"
    repository, findings = parse(load({WINES: text.encode()}))
    assert [(str(f.location), f.rule) for f in findings] == [(f"{ENVIRONMENT}:1:1", "missing-file")]
    assert repository.environments["eu"].environment is None


def test_what_loading_said_of_a_place_is_not_said_again() -> None:
    loaded = load({WINES: b"model: wines\nvariants:\n  - {version: 010, traffic: 1_00}\ntrafic: 5\n"})
    _, findings = parse(loaded)
    assert [finding.rule for finding in loaded.findings] == ["plain-scalars", "plain-scalars"]
    assert {finding.rule for finding in findings} == {"known-keys", "missing-file"}


def test_a_value_of_several_forms_is_one_finding() -> None:
    assert find("namespace: a\nrules: {max-prune: [1]}\n", FileKind.ENVIRONMENT) == [
        (
            "f:2:20",
            "value-type",
            (
                "max-prune is a list; expected true or false, or a number, or text, "
                "or a block of keys and values."
            ),
            "",
        )
    ]


def test_a_list_is_not_called_empty_for_its_faulty_items() -> None:
    rules = [rule for _, rule, _, _ in find("model: wines\nvariants: [{version: 3, traffic: x}]\n")]
    assert rules == ["value-type"]


def test_several_missing_keys_of_one_block_are_each_a_finding() -> None:
    assert [message for _, _, message, _ in find("adopt: true\n")] == [
        'the key "model" is missing here; expected text.',
        'the key "variants" is missing here; expected a list.',
    ]


def test_a_missing_key_is_not_told_besides_its_misspelt_form() -> None:
    assert [
        message for _, _, message, _ in find("Model: wines\nvariants: [{version: 1, traffic: 100}]\n")
    ] == ['unknown key "Model"; did you mean "model"?']


def test_a_list_item_is_named_by_its_place() -> None:
    (found,) = find('registeredModel: a\nowners: ["@a", 5]\n', FileKind.MODEL)
    assert found[2:] == ("owners item 2 is the number 5; expected text.", 'Write "5", in quotes.')


def test_a_long_or_unprintable_value_is_shown_short_and_escaped() -> None:
    long = find(f'model: a\nvariants: [{{version: 1, traffic: "{"x" * 500}"}}]\n')[0][2]
    assert len(long) < 150
    odd = find('model: a\nvariants: [{version: 1, traffic: "a\\nb\\u202e"}]\n')[0][2]
    assert odd == 'traffic is the text "a\\nb\\u202e"; expected a whole number from 0 to 100.'


def test_an_empty_text_where_a_list_is_wanted_suggests_nothing() -> None:
    (found,) = find('registeredModel: a\nowners: ""\n', FileKind.MODEL)
    assert found[2:] == ("owners is empty text; expected a list.", "")


def test_a_range_has_two_numbers() -> None:
    head = (
        "model: a\nvariants: [{version: 1, traffic: 100}]\nexperiment:\n  baseline: v1\n  challengers: [v2]\n"
    )
    tail = "  minSamples: 1\n  until: 2026-11-30\n"
    rules = [
        (rule, message)
        for _, rule, message, _ in find(f"{head}  reward: {{name: x, range: [0.0, a]}}\n{tail}")
        if rule != "not-served-yet"
    ]
    assert rules == [("value-type", 'range item 2 is the text "a"; expected a number.')]
    too_short = find(f"{head}  reward: {{name: x, range: [0.0]}}\n{tail}")
    assert [rule for _, rule, _, _ in too_short if rule != "not-served-yet"] != []
    too_long = find(f"{head}  reward: {{name: x, range: [0.0, 1.0, 2.0]}}\n{tail}")
    assert [rule for _, rule, _, _ in too_long if rule != "not-served-yet"] == ["value-range"]


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ('"5"', "Write 5, without quotes."),
        ("v5", "Write 5, without quotes."),
        ("champion", "Pin the number that it stands for now."),
        ('"0"', "Pin the number that it stands for now."),
        ("-1", "Write the number of a registry version."),
        ("true", "Write the number of a registry version."),
        ("{}", "Write the number of a registry version."),
    ],
)
def test_a_version_that_is_no_number_is_refused_as_not_pinned(value: str, advice: str) -> None:
    (found,) = find(f"model: a\nvariants: [{{version: {value}, traffic: 100}}]\n")
    assert (found[1], found[3]) == ("versions-are-pinned", advice)


def test_only_whole_blocks_that_are_there_are_refused_as_not_served() -> None:
    text = "model: a\nvariants: [{version: 1, traffic: 100}]\nexperiment: {}\n"
    assert ("f:3:1", "not-served-yet") in [found[:2] for found in find(text)]
    assert find(text.partition("experiment")[0]) == []


@pytest.mark.parametrize(
    "value", ["text", "5", "null", "[]", "{}", "[[]]", "[null]", "{a: [b]}", "true", "0.5"]
)
@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_any_value_in_the_place_of_a_declaration_is_a_finding_or_accepted(kind: FileKind, value: str) -> None:
    document = read("f", value.encode()).document
    assert document is not None
    declaration, findings = parse_document(kind, document)
    assert (declaration is None) is bool(findings)


@pytest.mark.parametrize("value", ["1", "null"])
def test_a_large_file_full_of_faults_is_judged_in_reasonable_time(value: str) -> None:
    text = "".join(f"key{number}: {value}\n" for number in range(49_000))
    started = time.process_time()
    findings = find(text)
    assert 100 <= len(findings) <= 200
    assert time.process_time() - started < 10
