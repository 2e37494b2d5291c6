"""EXCEPTIONS.md says what is so: its example is a sound file, and its numbers are those of the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from reconciler.load.layout import FileKind
from reconciler.load.yaml import read
from reconciler.plan.fights import PERIOD, ROUNDS
from reconciler.plan.pruning import DEFAULT_MAX_PRUNE
from reconciler.state.declarations import Deployment
from reconciler.state.exceptions import Exceptions
from reconciler.state.inventory import EARLIER_SETS
from reconciler.state.objects import PRUNE_ANNOTATION
from reconciler.validate.parse import parse_document

PAGE = (Path(__file__).parents[3] / "reconciler/plan/EXCEPTIONS.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())


def test_its_example_is_sound_and_shows_every_kind() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    document = read("environments/production/exceptions.yaml", example.encode()).document
    assert document is not None
    declared, findings = parse_document(FileKind.EXCEPTIONS, document)
    assert findings == ()
    assert isinstance(declared, Exceptions)
    assert [name for name in Exceptions.model_fields if not getattr(declared, name)] == []


def test_its_numbers_are_those_of_the_program() -> None:
    assert (ROUNDS, PERIOD.total_seconds()) == (3, 3600)
    assert "three times within an hour" in WORDS
    assert EARLIER_SETS + 1 == 5
    assert "one of the last five sets" in WORDS
    assert f"Without that it is {DEFAULT_MAX_PRUNE.rstrip('%')} %" in WORDS
    assert f"annotation `{PRUNE_ANNOTATION}`" in WORDS


def test_it_names_every_way_to_end() -> None:
    told = set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE))
    assert told - {"onDelete"} == set(get_args(Deployment.model_fields["on_delete"].annotation))
