"""Which share of the requests each predictor is sent, read from what the operator told the ingress.

The shapes are the operator's (seldon-core operator v1.16.0, createIstioResources and
controllers/ambassador): one VirtualService for each SeldonDeployment, whose route for
`/seldon/<namespace>/<name>/` has one destination for each live predictor, with the predictor's name as
subset; or one Ambassador mapping for each predictor with that prefix, the first of them without a weight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import yaml

from reconciler.clients.cluster.interface import ClusterReader, KindMissing, RightMissing
from reconciler.clients.cluster.kinds import DESTINATION_RULE, MAPPING, SERVICE, VIRTUAL_SERVICE
from reconciler.policy.naming import derived_names
from reconciler.state.objects import SELDON_DEPLOYMENT, Body, Kind, LiveObject, ObjectKey
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes

_CONFIG_ANNOTATION = "getambassador.io/config"
_SERVICE_NAME_ANNOTATION = "seldon.io/svc-name"

# The kinds that hold the routes of each ingress.
_HOLDERS: Mapping[str, Kind] = {"istio": VIRTUAL_SERVICE, "ambassador-v2": MAPPING, "ambassador-v1": SERVICE}


def read_routes(
    reader: ClusterReader, namespace: str, ingress: str, objects: tuple[LiveObject, ...]
) -> Routes:
    """The routes of all SeldonDeployments `objects` of a namespace, as its platform's ingress holds them.

    A kind that is not installed, or may not be listed, makes them unknown; other failures raise ClusterError.
    """
    kind = _HOLDERS[ingress]
    try:
        holders = reader.list(kind, namespace)
    except KindMissing:
        return Routes(
            unknown=f"{kind.plural}.{kind.group} are not installed, though environment.yaml says "
            f"platform.ingress: {ingress}"
        )
    except RightMissing as error:
        return Routes(unknown=str(error))
    return Routes(deployments=parse_routes(holders, ingress, objects))


def read_leftovers(
    reader: ClusterReader, namespace: str, objects: tuple[LiveObject, ...]
) -> tuple[ObjectKey, ...]:
    """DestinationRules for predictors that `objects` have no more: the operator forgets to delete those.

    Nothing where the kind is not installed. Raises ClusterError, such as RightMissing.
    """
    try:
        return tuple(find_leftovers(reader.list(DESTINATION_RULE, namespace), objects))
    except KindMissing:
        return ()


def find_leftovers(rules: Iterable[LiveObject], objects: tuple[LiveObject, ...]) -> Iterator[ObjectKey]:
    """Those of `rules` that belong to one of `objects` but are called after none of its predictors."""
    names = {live.uid: frozenset(_name_rules(live)) for live in objects}
    for item in rules:
        if any(uid in names and item.key.name not in names[uid] for uid in _owners(item)):
            yield item.key


def _name_rules(live: LiveObject) -> Iterator[str]:
    yield from _name_services(live)
    for predictor in _predictors(live):
        # An explainer has a rule of its own (createExplainerIstioResources).
        yield derived_names(live.key.name, f"{predictor.get('name', '')}-explainer", "").service


def parse_routes(
    holders: tuple[LiveObject, ...], ingress: str, objects: tuple[LiveObject, ...]
) -> Mapping[str, DeploymentRoutes]:
    """What `holders` (VirtualServices, Mappings or Services) hold for each of `objects`, by name."""
    found: dict[str, DeploymentRoutes] = {}
    owned: dict[str, list[LiveObject]] = defaultdict(list)
    for item in holders:
        for uid in _owners(item):
            owned[uid].append(item)
    for live in objects:
        own = owned.get(live.uid, [])
        prefix = f"/seldon/{live.key.namespace}/{live.key.name}/"
        if ingress == "istio":
            shares = [share for item in own for share in _read_virtual_service(item.body, prefix)]
        else:
            configs = _read_mappings(own) if ingress == "ambassador-v2" else _read_annotations(own)
            shares = _read_weights([config for config in configs if config.get("prefix") == prefix], live)
        if shares:
            found[live.key.name] = DeploymentRoutes(shares=tuple(shares), changed=_find_changed(own))
    return found


def _read_virtual_service(body: Body, prefix: str) -> Iterator[RoutedShare]:
    """The shares of the first route for this prefix; the one for gRPC always says the same."""
    for route in _spec(body).get("http") or ():
        matches = route.get("match") or ()
        if any((match.get("uri") or {}).get("prefix") == prefix for match in matches):
            yield from _read_http_route(route)
            return


def _read_http_route(route: Mapping[str, Any]) -> Iterator[RoutedShare]:
    destinations = route.get("route") or ()
    # Zero is left out on the wire; a lone destination takes everything whatever it says.
    weights = [100 if len(destinations) == 1 else int(item.get("weight") or 0) for item in destinations]
    total = sum(weights)
    for item, weight in zip(destinations, weights, strict=True):
        subset = str((item.get("destination") or {}).get("subset") or "")
        yield RoutedShare(predictor=subset, shadow=False, percent=100 * weight / total if total else 0.0)
    if mirror := route.get("mirror"):
        percentage = route.get("mirrorPercentage")
        # Absent means all; an empty one is zero, which the wire leaves out too.
        percent = 100.0 if percentage is None else float(percentage.get("value") or 0)
        yield RoutedShare(predictor=str(mirror.get("subset") or ""), shadow=True, percent=percent)


def _read_mappings(own: list[LiveObject]) -> list[Mapping[str, Any]]:
    return [_spec(item.body) for item in own]


def _read_annotations(own: list[LiveObject]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for item in own:
        try:
            documents = list(yaml.safe_load_all(item.annotations.get(_CONFIG_ANNOTATION, "")))
        except yaml.YAMLError:
            continue
        found += [document for document in documents if isinstance(document, Mapping)]
    return found


def _read_weights(configs: list[Mapping[str, Any]], live: LiveObject) -> list[RoutedShare]:
    """Mappings without a weight share evenly what the others leave: the operator gives the first one none,
    and its form for Ambassador 1 cannot say 0 either.
    """
    services = dict(zip(_name_services(live), _predictors(live), strict=True))
    live_ones = [config for config in configs if not config.get("shadow")]
    given = sum(float(config["weight"]) for config in live_ones if config.get("weight") is not None)
    open_ones = sum(1 for config in live_ones if config.get("weight") is None)
    rest = max(0.0, 100.0 - given) / open_ones if open_ones else 0.0
    shares = []
    for config in configs:
        shadow = bool(config.get("shadow"))
        weight = config.get("weight")
        service = str(config.get("service") or "").split(":")[0].split(".")[0]
        predictor = str((services.get(service) or {}).get("name") or service)
        percent = float(weight) if weight is not None else 100.0 if shadow else rest
        shares.append(RoutedShare(predictor=predictor, shadow=shadow, percent=percent))
    return sorted(shares, key=lambda share: share.shadow)


def _name_services(live: LiveObject) -> Iterator[str]:
    """The name of each predictor's Service, mapping and DestinationRule, in the object's order."""
    for predictor in _predictors(live):
        own = (predictor.get("annotations") or {}).get(_SERVICE_NAME_ANNOTATION)
        name = derived_names(live.key.name, str(predictor.get("name", "")), "").service
        yield str(own) if own else name


def _predictors(live: LiveObject) -> tuple[Mapping[str, Any], ...]:
    return tuple(_spec(live.body).get("predictors") or ())


def _find_changed(own: list[LiveObject]) -> datetime | None:
    """When the spec of one of them was last written: field managers carry the time of their last change."""
    times = [
        read_kubernetes_time(entry["time"])
        for item in own
        for entry in (item.body.get("metadata") or {}).get("managedFields") or ()
        if entry.get("time") and "f:spec" in (entry.get("fieldsV1") or {})
    ]
    return max(times, default=None)


def read_kubernetes_time(text: str) -> datetime:
    """A time as the API server writes it, such as `2026-11-23T14:03:00Z`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _owners(item: LiveObject) -> Iterator[str]:
    for reference in (item.body.get("metadata") or {}).get("ownerReferences") or ():
        if reference.get("kind") == SELDON_DEPLOYMENT.name:
            yield str(reference.get("uid", ""))


def _spec(body: Body) -> Mapping[str, Any]:
    spec = body.get("spec")
    return spec if isinstance(spec, Mapping) else {}
