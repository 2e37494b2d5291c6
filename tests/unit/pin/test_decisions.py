from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.pin.comparison import Moved, compare
from reconciler.pin.decision import Mode, Verdict, decide
from reconciler.state.declarations import RecordedFile
from tests.unit.pin.building import FACTS, FILES, LOGGED_MODEL, MANIFEST, a_record

MORE_METRICS = replace(LOGGED_MODEL, metrics={"rmse": 0.78, "mae": 0.611})


class TestComparison:
    def test_equal_records_have_nothing_moved(self) -> None:
        assert compare(a_record(), a_record()) == ()

    @pytest.mark.covers("T25")
    def test_a_changed_file_shows_both_sides(self) -> None:
        files = {**FILES, "model.pkl": RecordedFile(bytes=860, sha256="c" * 64)}
        moved = compare(a_record(), a_record(files=files))
        assert [fact.field for fact in moved] == ["identity.digest", "identity.files[model.pkl].sha256"]
        assert (moved[1].recorded, moved[1].found) == ("b" * 64, "c" * 64)
        assert all(fact.is_error for fact in moved)

    def test_a_new_and_a_lost_file_are_moved(self) -> None:
        files = {"MLmodel": FILES["MLmodel"], "weights.bin": RecordedFile(bytes=1, sha256="d" * 64)}
        moved = {fact.field: fact for fact in compare(a_record(), a_record(files=files))}
        assert moved["identity.files[model.pkl]"].found is None
        assert moved["identity.files[weights.bin]"].recorded is None

    def test_another_serialization_is_an_error(self) -> None:
        manifest = MANIFEST.replace(b"cloudpickle", b"skops")
        (moved,) = compare(a_record(), a_record(manifest=manifest))
        assert moved == Moved(
            path=("loader", "flavours", "sklearn", "serialization"), recorded="cloudpickle", found="skops"
        )
        assert moved.is_error

    def test_another_metric_is_advice(self) -> None:
        (moved,) = compare(a_record(), a_record(logged_model=MORE_METRICS))
        assert moved.field == "evidence.metrics.rmse"
        assert not moved.is_error

    def test_a_truth_is_no_number(self) -> None:
        one = a_record(facts=replace(FACTS, tags={"validated": "1"}))
        assert len(compare(one, a_record())) == 1


class TestDecision:
    def test_without_a_record_pin_writes_one(self) -> None:
        decision = decide(Mode.PIN, None, a_record())
        assert (decision.verdict, decision.write, decision.record) == (Verdict.WROTE, True, a_record())

    @pytest.mark.parametrize("mode", [Mode.CHECK, Mode.REFRESH])
    def test_without_a_record_there_is_nothing_to_compare(self, mode: Mode) -> None:
        assert decide(mode, None, a_record()).verdict is Verdict.REFUSED

    @pytest.mark.parametrize("mode", list(Mode))
    def test_an_equal_record_stays(self, mode: Mode) -> None:
        decision = decide(mode, a_record(), a_record())
        assert (decision.verdict, decision.write) == (Verdict.UNCHANGED, False)

    @pytest.mark.parametrize("mode", list(Mode))
    def test_another_identity_is_never_written_over(self, mode: Mode) -> None:
        found = a_record(facts=replace(FACTS, created="2026-11-22T09:00:00.000Z"), logged_model=MORE_METRICS)
        decision = decide(mode, a_record(), found)
        assert (decision.verdict, decision.write, decision.record) == (Verdict.MOVED, False, a_record())
        assert decision.verdict.is_error

    @pytest.mark.parametrize("mode", [Mode.PIN, Mode.CHECK])
    def test_other_evidence_is_advice(self, mode: Mode) -> None:
        decision = decide(mode, a_record(), a_record(logged_model=MORE_METRICS))
        assert (decision.verdict, decision.write, decision.record) == (Verdict.ADVICE, False, a_record())
        assert not decision.verdict.is_error

    def test_refresh_takes_other_evidence_over(self) -> None:
        found = a_record(logged_model=MORE_METRICS)
        decision = decide(Mode.REFRESH, a_record(), found)
        assert (decision.verdict, decision.write, decision.record) == (Verdict.REFRESHED, True, found)
        assert len(decision.moved) == 1
