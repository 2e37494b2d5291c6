"""Templates of a pull request, and what looks like one: they run nothing, and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from tests.hostile.conftest import Call
from tests.support.shop import Ended, Shop

_DEEP = 3_000

Note = Callable[[str], Ended]


@pytest.fixture(autouse=True)
def allowing(shop: Shop) -> None:
    """The environment lets its owners' templates make ConfigMaps."""
    path = "environments/production/environment.yaml"
    text = (shop.folder / path).read_text(encoding="utf-8")
    allowed = text.replace("{secrets: [artifacts-s3]}", "{secrets: [artifacts-s3], kinds: [ConfigMap]}")
    shop.write(path, allowed)


_MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {{{{ (deployment ~ "-notes") | tojson }}}}}}
data:
  note: {}
"""


@pytest.fixture
def note(shop: Shop, call: Call) -> Callable[[str], Ended]:
    """Validates the shop with a template that says this."""

    def note(text: str) -> Ended:
        shop.write("environments/production/extras/notes.yaml.j2", _MANIFEST.format(text))
        return call("validate")

    return note


def test_a_template_of_the_owners_is_sound(note: Note) -> None:
    ended = note("{{ model | tojson }}")
    assert ended.code == 0, ended.out + ended.err


@pytest.mark.parametrize(
    "expression",
    [
        "{{ model.__class__.__mro__[1].__subclasses__() | tojson }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() | tojson }}",
        "{{ ''['__class__'] | tojson }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ lipsum.__globals__ | tojson }}",
        "{{ environ | tojson }}",
    ],
)
def test_a_template_reaches_nothing_outside_its_values(note: Note, expression: str) -> None:
    ended = note(expression)
    assert ended.code == 1, ended.err
    assert "environments/production/extras/notes.yaml.j2:" in ended.out
    assert "root:" not in ended.out
    assert "uid=" not in ended.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{{{{ {'9' * 5_000} | tojson }}}}", "a number of too many digits"),
        (f"{{{{ {'(' * _DEEP}1{')' * _DEEP} | tojson }}}}", "too many things inside each other"),
        ("{% if 1 %}" * _DEEP + "1" + "{% endif %}" * _DEEP, "too many things inside each other"),
        ("{% for a in variants %}" * 30 + "{% endfor %}" * 30, "too many things inside each other"),
        (f"{{{{ ({'~'.join(['model'] * 5_000)}) | tojson }}}}", "an expression of more than 500 parts"),
        ("{% for a in 'abcdefghijklmnop' %}" * 12 + "{% endfor %}" * 12, "take more than 100,000 turns"),
        ("{{ ('a' * 9999999999) | tojson }}", "the operator * cannot be used here"),
        ("{{ (9 ** 9 ** 9) | tojson }}", "the operator ** cannot be used here"),
    ],
    ids=["digits", "brackets", "conditions", "blocks", "parts", "turns", "product", "power"],
)
def test_a_template_ends_and_stays_small(note: Note, text: str, said: str) -> None:
    ended = note(text)
    assert ended.code == 1, ended.err
    assert said in ended.out


def test_what_looks_like_a_template_is_text_in_declarations_and_values(shop: Shop, call: Call) -> None:
    words = "{{ 7 * 7 }}{% for x in y %}"
    shop.declare("production/wines", {1: 100}, f'serving:\n  env:\n    NOTE: "{words}"\n')
    shop.write("environments/production/extras/notes.yaml.j2", _MANIFEST.format("{{ deployment | tojson }}"))
    ended = call("render", "production")
    assert ended.code == 0, ended.err
    (deployment,) = (
        body for body in yaml.safe_load_all(ended.out) if body and body["kind"] == "SeldonDeployment"
    )
    containers = deployment["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]
    assert {"name": "NOTE", "value": words} in containers[0]["env"]
