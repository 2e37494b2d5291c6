"""Whatever a deployment's file looks like, an edit leaves every character that it does not mean.

Files are generated from parts, so that the text after the edit is known without editing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.edit.deployments import append_variant, remove_variant, set_retire, set_traffic
from reconciler.load.yaml import read

FILE = "environments/production/deployments/wines.yaml"

_REMARKS = st.text(st.sampled_from("aé 字90:#-{}[]*&'\"trafficversion,🍷"), max_size=20)


@dataclass(frozen=True)
class Item:
    """A variant as it is written: `shape` is block, late (content below the dash) or flow."""

    version: int
    traffic: int
    shape: str
    before: tuple[str, ...]
    behind: str
    below: tuple[str, ...]
    replicas: int | None
    anchor: str
    swapped: bool


@dataclass(frozen=True)
class Layout:
    """What all of a file has in common."""

    dash: int
    gap: int
    mark: str
    quote: str
    padding: str
    colon: str
    last_mark: bool
    head: tuple[str, ...]
    foot: tuple[str, ...]


ITEMS = st.builds(
    Item,
    version=st.integers(1, 10**6),
    traffic=st.integers(0, 100),
    shape=st.sampled_from(["block", "late", "flow"]),
    before=st.lists(_REMARKS, max_size=2).map(tuple),
    behind=st.one_of(st.just(""), _REMARKS),
    below=st.lists(_REMARKS, max_size=2).map(tuple),
    replicas=st.one_of(st.none(), st.integers(1, 9)),
    anchor=st.sampled_from(["", "&item ", "&item-2 "]),
    swapped=st.booleans(),
)
LAYOUTS = st.builds(
    Layout,
    dash=st.integers(0, 4),
    gap=st.integers(1, 3),
    mark=st.sampled_from(["\n", "\r\n"]),
    quote=st.sampled_from(["", "'", '"']),
    padding=st.sampled_from(["", " "]),
    colon=st.sampled_from([": ", ":   "]),
    last_mark=st.booleans(),
    head=st.lists(_REMARKS, max_size=2).map(tuple),
    foot=st.lists(_REMARKS, max_size=2).map(tuple),
)
FILES = st.tuples(LAYOUTS, st.lists(ITEMS, min_size=2, max_size=5))


def write(layout: Layout, items: Sequence[Item], more: Sequence[str] = ()) -> str:
    lines = [f"# {remark}" for remark in layout.head]
    lines += [f"{_key(layout, 'model')}: wines", f"{_key(layout, 'variants')}:"]
    for item in items:
        lines += _write_item(layout, item)
    lines += more
    lines += [f"# {remark}" for remark in layout.foot]
    text = layout.mark.join(lines)
    return text + layout.mark if layout.last_mark else text


def _key(layout: Layout, name: str) -> str:
    return f"{layout.quote}{name}{layout.quote}"


def _write_item(layout: Layout, item: Item) -> list[str]:
    indent, gap = " " * layout.dash, " " * layout.gap
    inner = " " * (layout.dash + 1 + layout.gap)
    behind = f" # {item.behind}" if item.behind else ""
    pairs = [("version", item.version), ("traffic", item.traffic)]
    said = [f"{_key(layout, name)}{layout.colon}{value}" for name, value in pairs]
    said = said[::-1] if item.swapped else said
    if item.replicas is not None:
        said.append(f"{_key(layout, 'serving')}{layout.colon}{{replicas: {item.replicas}}}")
    before = [f"{indent}# {remark}" for remark in item.before]
    below = [f"{indent} # {remark}" for remark in item.below]
    if item.shape == "flow":
        inside = f"{{{layout.padding}{', '.join(said)}{layout.padding}}}"
        return [*before, f"{indent}-{gap}{item.anchor}{inside}{behind}", *below]
    if item.shape == "late":
        return [*before, f"{indent}-{behind}", *(f"{inner}{pair}" for pair in said), *below]
    first, *rest = said
    return [*before, f"{indent}-{gap}{first}{behind}", *(f"{inner}{pair}" for pair in rest), *below]


@given(file=FILES, shares=st.lists(st.integers(0, 100), min_size=5, max_size=5))
def test_shares(file: tuple[Layout, list[Item]], shares: list[int]) -> None:
    layout, items = file
    changed = [replace(item, traffic=share) for item, share in zip(items, shares, strict=False)]
    wanted = {index: item.traffic for index, item in enumerate(changed)}
    assert set_traffic(FILE, write(layout, items).encode(), wanted).decode() == write(layout, changed)


@given(file=FILES, version=st.integers(1, 10**6), traffic=st.integers(0, 100))
def test_a_variant_more(file: tuple[Layout, list[Item]], version: int, traffic: int) -> None:
    layout, items = file
    last = items[-1]
    # One blank stands behind a colon that is added, and behind a dash whose neighbour shows no other.
    gap = 1 if last.shape == "late" else layout.gap
    shape = "flow" if last.shape == "flow" else "block"
    new = Item(version, traffic, shape, (), "", (), None, "", swapped=False)
    more = _write_item(replace(layout, colon=": ", gap=gap), new)
    edited = append_variant(
        FILE, write(layout, items).encode(), {"version": version, "traffic": traffic}
    ).decode()
    assert edited == write(layout, items, more)


@given(file=FILES, place=st.integers(0, 4))
def test_a_variant_less(file: tuple[Layout, list[Item]], place: int) -> None:
    layout, items = file
    index = place % len(items)
    kept = [_write_item(layout, item) for item in items]
    indent = " " * layout.dash
    kept[index] = [f"{indent}# {remark}" for remark in items[index].before]
    kept[index] += [f"{indent} # {remark}" for remark in items[index].below]
    edited = remove_variant(FILE, write(layout, items).encode(), index).decode()
    assert edited == write(layout, (), [line for lines in kept for line in lines])


@given(file=FILES)
def test_the_end(file: tuple[Layout, list[Item]]) -> None:
    layout, items = file
    edited = set_retire(FILE, write(layout, items).encode()).decode()
    assert edited == write(layout, items, [f"{_key(layout, 'retire')}: true"])


@given(file=FILES)
def test_every_generated_file_can_be_read(file: tuple[Layout, list[Item]]) -> None:
    assert read(FILE, write(*file).encode()).findings == ()
