from __future__ import annotations

import pytest

from reconciler.load.documents import load
from reconciler.pin.decision import Mode
from reconciler.pin.selection import Selection, select
from reconciler.pin.writer import write_record
from reconciler.settings import SettingsError
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse
from tests.unit.pin.building import a_record

MODEL = b'registeredModel: wine-quality\nowners: ["@wine-team"]\n'
RECORD = write_record(a_record()).encode()


def a_repository(**changes: bytes) -> Repository:
    files = {"models/wines/model.yaml": MODEL, "models/wines/versions/5.yaml": RECORD}
    files |= {path.replace("__", "/"): data for path, data in changes.items()}
    repository, _ = parse(load(files))
    return repository


def labels(selection: Selection) -> list[tuple[str, bool]]:
    return [(wanted.label, wanted.recorded is not None) for wanted in selection.wanted]


def test_versions_come_in_the_order_given_and_once() -> None:
    selection = select(a_repository(), Mode.PIN, "wines", ("7", "v5", "7"))
    assert labels(selection) == [("wines v7", False), ("wines v5", True)]
    assert selection.wanted[1].path == "models/wines/versions/5.yaml"
    assert selection.wanted[1].name == "wine-quality"


def test_what_is_no_number_is_kept_apart() -> None:
    selection = select(a_repository(), Mode.PIN, "wines", ("champion", "0", "-1", "1.0"))
    assert [movable.word for movable in selection.movable] == ["champion", "0", "-1", "1.0"]
    assert selection.wanted == ()


def test_pin_needs_to_be_told_what() -> None:
    with pytest.raises(SettingsError, match="modelsync pin wines 5"):
        select(a_repository(), Mode.PIN, "wines", ())


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.REFRESH])
@pytest.mark.parametrize("model", ["wines", None])
def test_without_versions_all_records_are_meant(mode: Mode, model: str | None) -> None:
    assert labels(select(a_repository(), mode, model, ())) == [("wines v5", True)]


def test_a_record_that_cannot_be_read_is_meant_too() -> None:
    repository = a_repository(models__wines__versions__6=b"")
    files = {
        "models/wines/model.yaml": MODEL,
        "models/wines/versions/5.yaml": RECORD,
        "models/wines/versions/6.yaml": b"identity: 1\n",
    }
    repository, _ = parse(load(files))
    assert labels(select(repository, Mode.CHECK, None, ())) == [("wines v5", True), ("wines v6", False)]


def test_an_unknown_model_suggests_the_nearest() -> None:
    with pytest.raises(SettingsError, match='Did you mean "wines"'):
        select(a_repository(), Mode.PIN, "wine", ("5",))


def test_a_model_without_a_readable_file_says_so() -> None:
    repository, _ = parse(load({"models/wines/model.yaml": b"owners: 1\n"}))
    with pytest.raises(SettingsError, match=r"models/wines/model\.yaml is missing or cannot be read"):
        select(repository, Mode.PIN, "wines", ("5",))


def test_another_registry_is_not_served_yet() -> None:
    repository, _ = parse(load({"models/wines/model.yaml": MODEL + b"registry: other\n"}))
    with pytest.raises(SettingsError, match="names registry other"):
        select(repository, Mode.PIN, "wines", ("5",))


def test_a_version_is_compared_with_the_recorded_one_before_it() -> None:
    selection = select(a_repository(), Mode.PIN, "wines", ("4", "5", "9"))
    four, five, nine = selection.wanted
    assert selection.find_earlier(four) is None
    assert selection.find_earlier(five) is None
    assert selection.find_earlier(nine) == ("v5", a_record())


def test_a_record_just_written_is_one_to_compare_with() -> None:
    selection = select(a_repository(), Mode.PIN, "wines", ("6", "9"))
    six, nine = selection.wanted
    written = a_record(files={})
    assert selection.add_record(six, written).find_earlier(nine) == ("v6", written)
