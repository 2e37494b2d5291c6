"""Every key and value can be found in its file."""

from __future__ import annotations

from reconciler.load.yaml import read
from reconciler.state.documents import Document, Location

TEXT = """\
# a comment
model: wines
variants:
  - version: 3
    traffic: 90      # most
  # the challenger
  - version: 5
    serving: {replicas: 1}

"größe": &a [x, "y"]
again: *a
"""


def document() -> Document:
    found = read("file.yaml", TEXT.encode()).document
    assert found is not None
    return found


def span(location: Location) -> tuple[int, int, int, int]:
    assert location.file == "file.yaml"
    return location.line, location.column, location.end_line, location.end_column


def test_a_value_stands_where_it_is_written() -> None:
    assert span(document().at("model")) == (2, 8, 2, 13)
    assert span(document().at("variants", 0, "traffic")) == (5, 14, 5, 16)
    assert span(document().at("variants", 1, "serving", "replicas")) == (8, 25, 8, 26)
    assert span(document().at("größe", 1)) == (10, 17, 10, 20)


def test_a_key_stands_before_its_value() -> None:
    assert span(document().key("variants", 0, "traffic")) == (5, 5, 5, 12)
    assert span(document().key("größe")) == (10, 1, 10, 8)


def test_an_item_stands_for_its_own_key() -> None:
    assert document().key("variants", 1) == document().at("variants", 1)


def test_a_block_ends_with_its_last_value_not_with_the_comments_after_it() -> None:
    assert span(document().at("variants", 0)) == (4, 5, 5, 16)
    assert span(document().at("variants")) == (4, 3, 8, 27)


def test_the_whole_file_begins_with_its_first_key() -> None:
    assert span(document().at())[:2] == (2, 1)
    assert document().key() == document().at()


def test_what_is_not_there_stands_where_its_nearest_ancestor_does() -> None:
    assert document().at("variants", 0, "shadow") == document().at("variants", 0)
    assert document().at("variants", 7) == document().at("variants")
    assert document().at("variants", -1) == document().at("variants")
    assert document().at("model", "name") == document().at("model")
    assert document().key("nothing") == document().at()


def test_what_an_alias_stands_for_stands_where_it_was_written() -> None:
    assert document().at("again", 0) == document().at("größe", 0)


def test_an_anchor_that_is_given_again_stands_for_the_later_value() -> None:
    found = read("file.yaml", b"a: &x [1]\nb: &x [2]\nc: *x\n").document
    assert found is not None
    assert found.value == {"a": (1,), "b": (2,), "c": (2,)}
    assert span(found.at("a", 0)) == (1, 8, 1, 9)
    assert span(found.at("c", 0)) == span(found.at("b", 0)) == (2, 8, 2, 9)


def test_an_empty_block_is_a_place_too() -> None:
    found = read("file.yaml", b"a: {}\nb: []\n").document
    assert found is not None
    assert span(found.at("a")) == (1, 4, 1, 6)
    assert span(found.at("b", 0)) == (2, 4, 2, 6)


def test_a_place_leads_back_to_the_value_that_stands_there() -> None:
    found = document()
    for path in (
        (),
        ("model",),
        ("variants",),
        ("variants", 0),
        ("variants", 0, "traffic"),
        ("variants", 1, "serving"),
        ("variants", 1, "serving", "replicas"),
        ("größe", 1),
    ):
        assert found.positions.trace(found.at(*path)) == path


def test_the_place_of_a_key_leads_to_its_value() -> None:
    found = document()
    for path in (("model",), ("variants", 0, "traffic"), ("größe",), ("again",)):
        assert found.positions.trace(found.key(*path)) == path


def test_a_place_between_values_leads_to_what_is_around_it() -> None:
    positions = document().positions
    assert positions.trace(Location(file="file.yaml", line=6, column=5, end_line=6, end_column=6)) == (
        "variants",
    )
    assert positions.trace(Location(file="file.yaml", line=1, column=1, end_line=1, end_column=2)) == ()
