"""Kinds that modelsync reads or writes beside the ones that it serves."""

from __future__ import annotations

from reconciler.state.objects import Kind

CONFIG_MAP = Kind(group="", version="v1", plural="configmaps", name="ConfigMap")
EVENT = Kind(group="", version="v1", plural="events", name="Event")
LEASE = Kind(group="coordination.k8s.io", version="v1", plural="leases", name="Lease")
DEPLOYMENT = Kind(group="apps", version="v1", plural="deployments", name="Deployment")
VIRTUAL_SERVICE = Kind(
    group="networking.istio.io", version="v1", plural="virtualservices", name="VirtualService"
)
DESTINATION_RULE = Kind(
    group="networking.istio.io", version="v1", plural="destinationrules", name="DestinationRule"
)
MAPPING = Kind(group="getambassador.io", version="v2", plural="mappings", name="Mapping")
SERVICE = Kind(group="", version="v1", plural="services", name="Service")
RESOURCE_QUOTA = Kind(group="", version="v1", plural="resourcequotas", name="ResourceQuota")
POD = Kind(group="", version="v1", plural="pods", name="Pod")
