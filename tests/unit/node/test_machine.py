"""What the serving node has of its machine: addresses of loopback, and the logs in its folder."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from scripts.local_cluster.node.addresses import Addresses
from scripts.local_cluster.node.logs import find_logs, take_end


def test_addresses_are_of_loopback_far_from_those_that_machines_use_and_never_the_same() -> None:
    one, other = Addresses(), Addresses()
    taken = [node.take() for _ in range(50) for node in (one, other)]
    assert len(set(taken)) == len(taken)
    own = ipaddress.ip_network("127.0.0.0/12")
    for address in taken:
        assert ipaddress.ip_address(address).is_loopback
        assert ipaddress.ip_address(address) not in own
    for address in taken:
        one.release(address)
        other.release(address)


def test_the_logs_of_a_container_are_those_of_its_newest_pod_in_order(tmp_path: Path) -> None:
    for uid, numbers in (("1", (0,)), ("2", (0, 2, 10, 1))):
        folder = tmp_path / f"production_wines-0_{uid}" / "containers" / "wines"
        folder.mkdir(parents=True)
        for number in numbers:
            (folder / f"{number}.log").touch()
    found = find_logs(tmp_path, "production", "wines-0", "wines")
    assert [(log.parts[-4], log.name) for log in found] == [
        ("production_wines-0_2", name) for name in ("0.log", "1.log", "2.log", "10.log")
    ]
    assert find_logs(tmp_path, "production", "wines-0", "..") == ()
    assert find_logs(tmp_path, "production", "wines", "wines") == ()


def test_the_end_of_a_log_is_its_last_lines() -> None:
    assert take_end(b"a\nb\nc", None) == b"a\nb\nc"
    assert take_end(b"a\nb\nc", "2") == b"b\nc"
    assert take_end(b"a\nb\nc\n", "1") == b"c\n"
    assert take_end(b"a\nb\nc", "0") == b""
