"""The images that a cluster's operator runs servers from, as `platform.servers` of environment.yaml.

Source: the operator's ConfigMap `seldon-config`, key `predictor_servers` (its
config/manager/configmap.yaml): by server and protocol, an image and the version that is added to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from reconciler.clients.cluster.interface import ClusterReader
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.policy.abilities import plain_name, stock_images
from reconciler.policy.servers import fitting_protocols
from reconciler.render.quoting import quote
from reconciler.render.servers import find_backend
from reconciler.settings import SettingsError
from reconciler.state.declarations import Protocol, Server

_CONFIG = "seldon-config"
_SERVERS = "predictor_servers"
# What the operator still takes for v2.
_OTHER_NAMES = ("kfserving",)

Images = Mapping[Server, Mapping[Protocol, str]]


def read_server_images(reader: ClusterReader, namespace: str) -> Images:
    """The images of the servers that modelsync knows, from the operator's ConfigMap in this namespace.

    Raises SettingsError where there is none or it cannot be read as one, and ClusterError.
    """
    where = f"ConfigMap {_CONFIG} in namespace {namespace} of {reader.server}"
    live = reader.get(CONFIG_MAP, namespace, _CONFIG)
    if live is None:
        raise SettingsError(
            f"{where} does not exist; name the namespace of Seldon Core's operator: --operator-namespace"
        )
    text = live.body.get("data", {}).get(_SERVERS)
    if text is None:
        raise SettingsError(f"{where} has no key {_SERVERS}; it was expected to name the servers' images.")
    try:
        return parse_server_images(text)
    except ValueError as error:
        raise SettingsError(f"{where}: {_SERVERS} is not what Seldon Core writes there: {error}.") from error


def parse_server_images(text: str) -> Images:
    """The images by server and protocol. Raises ValueError for a text of another form."""
    config = json.loads(text)
    if not isinstance(config, Mapping):
        raise ValueError("it is no JSON object")
    found: dict[Server, dict[Protocol, str]] = {}
    servers: tuple[Server, ...] = get_args(Server)
    for server in servers:
        for protocol in fitting_protocols(server) if server != "custom" else ():
            image = _find_image(config, find_backend(server, protocol).implementation or "", protocol)
            if image:
                found.setdefault(server, {})[protocol] = image
    return found


def describe_server_images(images: Images) -> Iterator[str]:
    """The lines of the block; a comment follows an image of which it is not known what it loads."""
    yield "platform:"
    yield "  servers:" if images else "  servers: {}"
    for server, protocols in images.items():
        yield f"    {server}:"
        for protocol, image in protocols.items():
            yield f"      {protocol}: {{image: {quote(image)}}}"
            if plain_name(image) not in stock_images():
                yield "      # What it can load is not known. Say it beside the image, such as"
                yield "      # loads: {formats: [pickle, cloudpickle]}"


def _find_image(config: Mapping[str, Any], implementation: str, protocol: Protocol) -> str:
    protocols = _block(_block(config, implementation), "protocols")
    names = (protocol, *_OTHER_NAMES) if protocol == "v2" else (protocol,)
    said = next((block for name in names if (block := _block(protocols, name))), {})
    image, version = str(said.get("image", "")), str(said.get("defaultImageVersion", ""))
    return f"{image}:{version}" if image and version else image


def _block(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key, {})
    if not isinstance(found, Mapping):
        raise ValueError(f"{key} is no JSON object")
    return found
