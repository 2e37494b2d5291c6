"""What the images of model servers can load: shipped for stock images, said by environments for others.

The table is server_images.json; each of its rows names the source that it was taken from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from reconciler.policy.patterns import matches
from reconciler.state.declarations import Loads, Platform, Protocol, Server

_TABLE = "server_images.json"
_REGISTRIES = ("docker.io/", "index.docker.io/")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockImage:
    """A row of the table: what is known of one image, by its name and tag.

    `mlflow` and `python` are the versions in it (empty: not known, or those of the model). A model must have
    `flavour` (empty: any) and one of `files` (none: any), and be saved in one of `formats` (none: the format
    does not matter, or nothing is known of it); `not_known` are formats of which nobody knows. `takes_pack`
    tells that a packed environment beside the model takes the place of the image's own,
    `builds_environment` that the model's environment is installed at start-up. `loader` is the requirement
    that installs the same loader (empty: there is none to try); `source` says where all this is from.
    """

    image: str
    source: str
    mlflow: str = ""
    python: str = ""
    flavour: str = ""
    formats: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    takes_pack: bool = False
    builds_environment: bool = False
    loader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What is known of an image in a cluster: its row of the table, and what `loads:` says over it."""

    image: str
    stock: StockImage | None
    loads: Loads | None


@cache
def stock_images() -> Mapping[str, StockImage]:
    """The rows of the table by image."""
    rows = json.loads(files("reconciler.policy").joinpath(_TABLE).read_bytes())["images"]
    return {row["image"]: _read_row(row) for row in rows}


def find_ability(platform: Platform, server: Server, protocol: Protocol, image: str) -> Ability:
    """What is known of an image that this server runs on this platform."""
    own = platform.servers.get(server, {}).get(protocol)
    loads = own.loads if own is not None and own.image == image else None
    if loads is None:
        loads = next((said for name, said in platform.loads.items() if matches(image, name)), None)
    return Ability(image=image, stock=stock_images().get(plain_name(image)), loads=loads)


def plain_name(image: str) -> str:
    """An image without its digest, and without the registry that it comes from if none is named."""
    name = image.partition("@")[0]
    for registry in _REGISTRIES:
        name = name.removeprefix(registry)
    return name


def _read_row(row: Mapping[str, object]) -> StockImage:
    values = {
        _NAMES.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return StockImage(**values)  # type: ignore[arg-type]  # a test reads every row


_NAMES = {"notKnown": "not_known", "takesPack": "takes_pack", "buildsEnvironment": "builds_environment"}
