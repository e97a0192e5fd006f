"""What several processes count together; here all of them are in this one."""

import os
from collections.abc import Iterator

import pytest

from gateway.smtp_in.limits import Connections, InFlight
from gateway.smtp_in.settings import LimitSettings
from gateway.smtp_in.shared_counts import SharedCounts


@pytest.fixture
def page() -> Iterator[SharedCounts]:
    page = SharedCounts.make(2)
    yield page
    os.close(page.descriptor)


def seen_by(page: SharedCounts, own: int) -> SharedCounts:
    return SharedCounts(page.descriptor, processes=page.processes, own=own, key=page.key)


def fullness(*connections: Connections) -> list[bool]:
    return [each.is_full for each in connections]


def shortness(*in_flight: InFlight) -> list[bool]:
    return [each.is_memory_short for each in in_flight]


def test_connections_of_two_processes_fill_one_limit(page: SharedCounts) -> None:
    limits = LimitSettings(connections=3)
    one, two = (Connections(limits, seen_by(page, own)) for own in range(2))
    one.count(1)
    one.count(1)
    assert fullness(one, two) == [False, False]
    two.count(1)
    assert fullness(one, two) == [True, True]
    one.count(-1)
    assert fullness(one, two) == [False, False]


def test_octets_in_flight_of_two_processes_fill_one_limit(page: SharedCounts) -> None:
    limits = LimitSettings(in_flight=3_000_000, in_memory=1_000_000, message_size=64_000)
    one, two = (InFlight(limits, seen_by(page, own)) for own in range(2))
    one.count(octets=2_000_000, in_memory=900_000)
    assert two.has_room_for(1_000_000)
    assert not two.has_room_for(1_000_001)
    assert shortness(one, two) == [False, False]
    two.count(octets=200_000, in_memory=200_000)
    assert shortness(one, two) == [True, True]
    one.count(octets=-2_000_000, in_memory=-900_000)
    assert two.has_room_for(2_800_000)


def test_clients_of_a_network_are_counted_wherever_they_are(page: SharedCounts) -> None:
    limits = LimitSettings(connections_per_network=2)
    one, two = (Connections(limits, seen_by(page, own)) for own in range(2))
    assert one.admit("192.0.2.1")
    assert two.admit("192.0.2.99")
    assert not one.admit("192.0.2.3")
    assert two.admit("198.51.100.1")
    one.release("192.0.2.1")
    one.release("192.0.2.3")
    assert two.admit("192.0.2.4")


def test_what_a_dead_process_counted_is_forgotten(page: SharedCounts) -> None:
    limits = LimitSettings(connections=2, connections_per_network=1)
    one, two = (Connections(limits, seen_by(page, own)) for own in range(2))
    for _ in range(2):
        one.count(1)
        one.admit("192.0.2.1")
    assert fullness(two) == [True]
    page.forget(0)
    assert fullness(two) == [False]
    assert two.admit("192.0.2.1")


def test_many_networks_do_not_get_into_each_others_way(page: SharedCounts) -> None:
    page.key = b"of this test"  # under some keys two of five hundred networks share both of their cells
    limits = LimitSettings(connections_per_network=1)
    one, two = (Connections(limits, seen_by(page, own)) for own in range(2))
    clients = [f"198.{18 + number // 250}.{number % 250}.1" for number in range(500)]
    assert all((one, two)[number % 2].admit(ip) for number, ip in enumerate(clients))
    assert not any((two, one)[number % 2].admit(ip) for number, ip in enumerate(clients))
