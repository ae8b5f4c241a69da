"""Addresses under which failed attempts and new sessions of a client are counted."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.access.request_source import client_address, group_address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("[", "["),
        ("", ""),
    ],
)
def test_the_addresses_of_one_client_are_one(address: str, counted: str) -> None:
    assert group_address(address) == counted


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("8.8.4.4", "198.51.100.7", "8.8.4.4"),  # a peer that is no proxy of ours
        ("10.0.0.5", "203.0.113.9, 198.51.100.7:5000", "10.0.0.5>198.51.100.7"),
        ("10.0.0.5", "2001:db8::1", "10.0.0.5>2001:db8::/64"),
        ("10.0.0.5", "2001:db8::2", "10.0.0.5>2001:db8::/64"),
    ],
)
def test_behind_our_proxy_it_is_what_the_proxy_appended(peer: str, forwarded: str, counted: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})

    assert client_address(request) == counted
