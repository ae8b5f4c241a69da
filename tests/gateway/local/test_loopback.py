"""Free loopback ports: none twice, none in use, and none of the ephemeral range."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.local.loopback import find_free_port, open_listener, resolve_port

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_ports_are_given_once() -> None:
    ports = [find_free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)


def test_a_port_in_use_is_left_out() -> None:
    following = find_free_port() + 1
    with open_listener(port=following):
        assert find_free_port() != following


@pytest.mark.skipif(not _EPHEMERAL.exists(), reason="only Linux tells its range")
def test_no_connection_is_given_such_a_port() -> None:
    first, last = (int(each) for each in _EPHEMERAL.read_text().split())
    assert not first <= find_free_port() <= last


def test_a_port_in_use_and_a_foreign_host_are_named() -> None:
    with closing(open_listener()) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*--port"):
            resolve_port("127.0.0.1", port)
    with pytest.raises(ConfigurationError, match="HOST must be an IP address of this machine"):
        resolve_port("192.0.2.1", 8000)
    assert resolve_port("127.0.0.1", 0) > 0
