"""Subnets: which are free, and what the kernel's route table says."""

from ipaddress import IPv4Network

from harness.docker.network import POOLS, addresses, free_subnets, parse_routes

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
vpn0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0

"""


def test_routes_without_the_default_route() -> None:
    assert parse_routes(ROUTES) == [IPv4Network("172.17.0.0/16"), IPv4Network("10.213.0.0/24")]


def test_the_first_subnet_that_overlaps_nothing() -> None:
    taken = [IPv4Network("10.213.0.0/23"), IPv4Network("10.213.2.128/25"), IPv4Network("192.168.0.0/16")]
    assert free_subnets(taken)[0] == IPv4Network("10.213.3.0/24")


def test_a_route_to_everything_in_one_pool_leaves_the_next() -> None:
    assert free_subnets([IPv4Network("10.0.0.0/8")])[0] == IPv4Network("172.29.0.0/24")
    assert free_subnets(POOLS) == []


def test_addresses_are_fixed_by_the_order_of_names() -> None:
    assert addresses(IPv4Network("10.213.7.0/24"), ["n1", "n2"]) == {"n1": "10.213.7.11", "n2": "10.213.7.12"}
