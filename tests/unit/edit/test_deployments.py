"""Edits of a deployment's file change the characters that are meant, and no other."""

from __future__ import annotations

from textwrap import dedent

import pytest

from reconciler.edit.deployments import append_variant, remove_variant, set_retire, set_traffic
from reconciler.edit.tree import EditRefused
from reconciler.state.documents import Value

FILE = "environments/production/deployments/wines.yaml"

WINES = """\
    # yaml-language-server: $schema=../../../schemas/deployment.schema.json
    model: wines   # größte
    variants:
      - version: 3
        traffic: 90      # the way back
      # the challenger
      - version: 5
        traffic:   10
        serving: {replicas: 1}
        # see ticket 17

    # the end
    """


def lay(text: str) -> bytes:
    return dedent(text).encode()


def append(text: str, **entry: Value) -> str:
    return append_variant(FILE, lay(text), entry or {"version": 6, "traffic": 0}).decode()


class TestTraffic:
    def test_only_the_numbers_change(self) -> None:
        changed = set_traffic(FILE, lay(WINES), {0: 0, 1: 100}).decode()
        assert changed == dedent(WINES).replace("traffic: 90 ", "traffic: 0 ").replace("  10\n", "  100\n")

    def test_in_braces_and_with_windows_line_ends(self) -> None:
        data = b"model: wines\r\nvariants:\r\n- {version: 3, traffic: 90} # 90\r\n- {traffic: 10, version: 5}"
        assert set_traffic(FILE, data, {0: 95, 1: 5}) == data.replace(b": 90}", b": 95}").replace(
            b"10,", b"5,"
        )

    def test_a_mark_that_nothing_repeats_stays(self) -> None:
        data = lay("model: wines\nvariants:\n  - {version: 3, traffic: &all 90}\n")
        assert b"traffic: &all 80}" in set_traffic(FILE, data, {0: 80})

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "x: 1\nvariants:\n  - {version: 3, traffic: &half 50}\n  - {traffic: *half}\n",
                f"{FILE}:3:27: the value marked &half is repeated by *half, which would change too. Write",
            ),
            (
                "x: &v [{version: 3, traffic: 100}]\nvariants: *v\n",
                f"{FILE}:2:11: *v repeats the value marked &v, which an edit here would change. Write",
            ),
            ("variants:\n  - {version: 3, shadow: 50}\n", f'{FILE}:2:5: there is no "traffic" here.'),
            ("variants: 3\n", f"{FILE}:1:11: a list is expected here."),
            ("- 1\n", f"{FILE}:1:1: keys with values are expected."),
            ("variants: [\n", f"{FILE}:"),
        ],
    )
    def test_what_cannot_be_edited_is_refused_with_its_place(self, text: str, said: str) -> None:
        with pytest.raises(EditRefused) as refused:
            set_traffic(FILE, text.encode(), {0: 80})
        assert str(refused.value).startswith(said)


class TestAppend:
    def test_below_the_last_one_and_what_belongs_to_it(self) -> None:
        added = "    # see ticket 17\n  - version: 6\n    traffic: 0\n\n"
        assert append(WINES) == dedent(WINES).replace("    # see ticket 17\n\n", added)

    @pytest.mark.parametrize(
        ("before", "added"),
        [
            ("- version: 3\n  traffic: 100\n", "- version: 6\n  traffic: 0\n"),
            ("    -   version: 3\n        traffic: 100\n", "    -   version: 6\n        traffic: 0\n"),
            ("  -\n    version: 3\n    traffic: 100\n", "  - version: 6\n    traffic: 0\n"),
            ("  - &a\n    version: 3\n    traffic: 100\n", "  - version: 6\n    traffic: 0\n"),
            ("  - {version: 3, traffic: 100}\n", "  - {version: 6, traffic: 0}\n"),
            ("  - { version: 3, traffic: 100 }\n", "  - { version: 6, traffic: 0 }\n"),
            ("  - {'version': 3, 'traffic': 100}\n", "  - {'version': 6, 'traffic': 0}\n"),
            ('  - "version": 3\n    "traffic": 100\n', '  - "version": 6\n    "traffic": 0\n'),
        ],
    )
    def test_as_the_last_one_is_written(self, before: str, added: str) -> None:
        text = f"model: wines\nvariants:\n{before}"
        assert append(text) == text + added

    def test_in_the_middle_of_a_file(self) -> None:
        text = "variants:\n- {version: 3, traffic: 100} # now\n# about adopt\nadopt: true\n"
        assert append(text) == text.replace("# now\n", "# now\n- {version: 6, traffic: 0}\n")

    def test_below_a_text_of_several_lines(self) -> None:
        text = "variants:\n  - version: 3\n    name: |-\n      v3\n\n\nmodel: wines\n"
        assert append(text) == text.replace("v3\n", "v3\n  - version: 6\n    traffic: 0\n")

    def test_a_file_without_a_last_line_break_gets_none(self) -> None:
        text = "model: wines\nvariants:\n  - {version: 3, traffic: 100}"
        assert append(text) == f"{text}\n  - {{version: 6, traffic: 0}}"

    def test_windows_line_ends(self) -> None:
        data = b"model: wines\r\nvariants:\r\n  - version: 3\r\n    traffic: 100\r\n"
        assert append_variant(FILE, data, {"version": 6}) == data + b"  - version: 6\r\n"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("[{version: 3}]", "[{version: 3}, {version: 6}]"),
            ("[{version: 3},]", "[{version: 3}, {version: 6},]"),
            ("[\n  {version: 3}\n]", "[\n  {version: 3},\n  {version: 6}\n]"),
            ("[\n  {version: 3},\n]", "[\n  {version: 3},\n  {version: 6},\n]"),
            ("[\n  {version: 3} # now\n]", "[\n  {version: 3}, # now\n  {version: 6}\n]"),
            ("[\n  {version: 3}, # now\n]", "[\n  {version: 3}, # now\n  {version: 6},\n]"),
            ("[\n  {version: 3}]", "[\n  {version: 3},\n  {version: 6}]"),
            ("[\n  {version: 3},]", "[\n  {version: 3},\n  {version: 6},]"),
            ("[]", "[{version: 6}]"),
        ],
    )
    def test_within_brackets(self, before: str, after: str) -> None:
        assert (
            append(f"variants: {before}\nmodel: wines\n", version=6) == f"variants: {after}\nmodel: wines\n"
        )

    def test_what_it_serves_with(self) -> None:
        text = "variants:\n  - version: 3\n"
        serving: Value = {"replicas": 1, "resources": {"limits": {"memory": "1Gi"}}}
        added = "  - version: 6\n    serving: {replicas: 1, resources: {limits: {memory: 1Gi}}}\n"
        assert append(text, version=6, serving=serving) == text + added

    def test_a_layout_that_would_read_otherwise_is_refused(self) -> None:
        # The blank lines below are part of the text.
        text = "variants:\n  - version: 3\n    name: |+\n      v3\n\n\nmodel: wines\n"
        with pytest.raises(EditRefused, match=r":1:1: the file is laid out so that .* modelsync validate"):
            append(text)

    def test_a_list_that_is_none(self) -> None:
        with pytest.raises(EditRefused, match="a list is expected here"):
            append("variants: {}\n")


class TestRemove:
    def test_with_its_own_remarks_and_no_other(self) -> None:
        removed = remove_variant(FILE, lay(WINES), 0).decode()
        gone = "  - version: 3\n    traffic: 90      # the way back\n"
        assert removed == dedent(WINES).replace(gone, "")

    def test_the_last_one(self) -> None:
        removed = remove_variant(FILE, lay(WINES), 1).decode()
        gone = "  - version: 5\n    traffic:   10\n    serving: {replicas: 1}\n"
        assert removed == dedent(WINES).replace(gone, "")

    @pytest.mark.parametrize("mark", ["\n", "\r\n"])
    def test_a_file_without_a_last_line_break_gets_none(self, mark: str) -> None:
        lines = ["variants:", "- version: 3", "- version: 5"]
        assert remove_variant(FILE, mark.join(lines).encode(), 1) == mark.join(lines[:2]).encode()

    @pytest.mark.parametrize(
        ("before", "index", "after"),
        [
            ("[{version: 3}, {version: 5}]", 0, "[{version: 5}]"),
            ("[{version: 3}, {version: 5}]", 1, "[{version: 3}]"),
            ("[\n  {version: 3},\n  {version: 5},\n]", 0, "[\n  {version: 5},\n]"),
            ("[\n  {version: 3},\n  {version: 5},\n]", 1, "[\n  {version: 3},\n]"),
            (
                "[\n  {version: 3}, # first\n  {version: 5} # last\n]",
                1,
                "[\n  {version: 3} # first\n   # last\n]",
            ),
            (
                "[\n  {version: 3}, # first\n  {version: 5} # last\n]",
                0,
                "[\n   # first\n  {version: 5} # last\n]",
            ),
        ],
    )
    def test_within_brackets(self, before: str, index: int, after: str) -> None:
        removed = remove_variant(FILE, f"variants: {before}\n".encode(), index).decode()
        assert removed == f"variants: {after}\n"

    def test_the_only_one_is_refused(self) -> None:
        with pytest.raises(EditRefused, match="only variant.* modelsync retire"):
            remove_variant(FILE, b"variants: [{version: 3}]\n", 0)

    def test_one_that_others_repeat_is_refused(self) -> None:
        text = "variants:\n- version: 3\n  serving: &s {replicas: 1}\n- version: 5\n  serving: *s\n"
        with pytest.raises(EditRefused, match=r":3:12: &s marks what \*s repeats elsewhere"):
            remove_variant(FILE, text.encode(), 0)


class TestRetire:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("model: wines\n", "model: wines\nretire: true\n"),
            ("model: wines", "model: wines\nretire: true"),
            ("model: wines\n# end\n", "model: wines\nretire: true\n# end\n"),
            ("--- # one\nmodel: wines\n...\n", "--- # one\nmodel: wines\nretire: true\n...\n"),
            ("retire: false # not yet\nmodel: wines\n", "retire: true # not yet\nmodel: wines\n"),
            ('"model": wines\n', '"model": wines\n"retire": true\n'),
            ("  model: wines\n", "  model: wines\n  retire: true\n"),
            ("{model: wines}\n", "{model: wines, retire: true}\n"),
            ("{ model: wines }\n", "{ model: wines, retire: true }\n"),
            ("{\n  model: wines\n}\n", "{\n  model: wines,\n  retire: true\n}\n"),
        ],
    )
    def test_is_set_where_it_is_or_below_the_rest(self, before: str, after: str) -> None:
        assert set_retire(FILE, before.encode()).decode() == after

    @pytest.mark.parametrize("text", ["retire: {}\n", "retire: &x true\n", "- 1\n"])
    def test_what_is_no_plain_value_is_refused(self, text: str) -> None:
        with pytest.raises(EditRefused):
            set_retire(FILE, text.encode())
