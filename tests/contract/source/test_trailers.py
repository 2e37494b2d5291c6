"""What the messages of commits end with, as people and forges write it there."""

from __future__ import annotations

from tests.contract.source.conftest import Place


def test_messages_tell_who_reviewed(place: Place) -> None:
    repository = place.repository
    message = "v5 is tried\n\nReviewed-by: none of the last lines\n\nSo it is.\n\n"
    said = "Reviewed-on: https://git.example.com/3\nSigned-off-by: Ada\nreviewed-by: Bob\n \x1b[31m<b@x>\n"
    tried = repository.commit(f"{message}{said}", **{"models/x.yaml": "1\n"})
    plain = repository.commit("nobody says anything", **{"models/x.yaml": "2\n"})
    place.publish()
    with place.open() as source:
        head = source.resolve("main").sha
        told = source.read_trailers(head, (plain, tried), ("Reviewed-by", "Reviewed-on"))
        assert source.read_trailers(head, (), ("Reviewed-by",)) == {}
    assert told == {tried: ("Reviewed-on: https://git.example.com/3", "reviewed-by: Bob  [31m<b@x>")}
