"""An address that the declarations accept, but that no host can have, is an answer and no crash."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from reconciler.clients.metrics.interface import MetricsRefused
from reconciler.clients.metrics.prometheus import PrometheusReader
from reconciler.state.written import Address


@pytest.mark.parametrize(
    "address", ["http://[::::]", "http://999.1.1.1:9090", "http://prometheus..monitoring"]
)
def test_an_address_of_no_host_is_refused(address: str) -> None:
    assert TypeAdapter(Address).validate_python(address) == address

    with pytest.raises(MetricsRefused, match="its address names no host"):
        PrometheusReader(address).read_requests("wines-production", 60)
