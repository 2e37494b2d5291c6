"""All policies, in the order in which they are listed to people."""

from __future__ import annotations

from reconciler.policy.engine import Policy
from reconciler.policy.policies import (
    allowed_references,
    distinct_versions,
    environment_variables_fit,
    image_needed,
    location_resolves,
    names_fit,
    one_protocol,
    one_shadow,
    one_target_per_object,
    promotion_acyclic,
    protocol_fits_server,
    record_exists,
    record_matches,
    references_exist,
    requests_within_limits,
    resources_present,
    service_names_unique,
    serving_complete,
    traffic_sums_to_100,
    variant_role,
    waivers_known,
    zero_traffic_routed,
)

POLICIES: tuple[Policy, ...] = (
    names_fit.POLICY,
    service_names_unique.POLICY,
    references_exist.POLICY,
    promotion_acyclic.POLICY,
    one_target_per_object.POLICY,
    variant_role.POLICY,
    traffic_sums_to_100.POLICY,
    zero_traffic_routed.POLICY,
    one_shadow.POLICY,
    distinct_versions.POLICY,
    record_exists.POLICY,
    record_matches.POLICY,
    location_resolves.POLICY,
    serving_complete.POLICY,
    one_protocol.POLICY,
    protocol_fits_server.POLICY,
    image_needed.POLICY,
    environment_variables_fit.POLICY,
    resources_present.POLICY,
    requests_within_limits.POLICY,
    allowed_references.POLICY,
    waivers_known.POLICY,
)
