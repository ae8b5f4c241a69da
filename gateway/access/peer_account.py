"""Account of the process at the other end of a loopback connection, as Linux lists it.

A reverse proxy on this machine connects from loopback, and one that is configured with a bare `proxy_pass`
(nginx from 1.29.7 on) leaves no trace in the request. But it runs as a service account.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final, NamedTuple

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"
_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ANY_STATE, _NO_COOKIE = 4, 20, 1, 0xFFFFFFFF, 0xFFFFFFFF
"""Constants of Linux's socket monitoring by netlink (man 7 sock_diag)."""
_HEADER, _ID_BYTES = struct.Struct("=IHHII"), 48
_FIRST_USER: Final = 1000
_DYNAMIC_ACCOUNTS: Final = range(61_184, 65_536)
"""systemd's dynamic users, and nobody."""


Endpoint = tuple[str, int]
"""Address and port of one end of a connection."""


class _Socket(NamedTuple):
    local_port: int
    remote_port: int
    state: str
    account: int
    inode: str


def may_be_service(peer: Endpoint, own: Endpoint) -> bool:
    """Return whether the peer of a connection from this machine may be a service, not a person's program.

    A peer that has already closed its end is no longer listed, so it may be a service.
    """
    found = _ask_kernel(peer, own)
    if found is None:  # there is no such socket, or the kernel cannot look up a single one
        return is_listed_as_service(peer[1], own[1])
    account, inode = found
    return inode == 0 or _is_service(account)


def is_listed_as_service(peer_port: int, own_port: int, tables: tuple[Path, ...] = _TABLES) -> bool:
    """Return the same from the list of all sockets, which takes milliseconds to read.

    If the system has no such list, or nobody listens on `own_port`, the peer counts as a person's program. If
    the list cannot be read for now, because the process has no file descriptor left, it counts as a service.
    """
    try:
        sockets = list(_read_sockets(tables))
    except OSError:
        return True
    if not any(each.state == _LISTENING and each.local_port == own_port for each in sockets):
        return False
    peers = [each for each in sockets if (each.local_port, each.remote_port) == (peer_port, own_port)]
    return not peers or any(each.inode == "0" or _is_service(each.account) for each in peers)


def _is_service(account: int) -> bool:
    return 0 < account < _FIRST_USER or account in _DYNAMIC_ACCOUNTS


def _ask_kernel(peer: Endpoint, own: Endpoint) -> tuple[int, int] | None:
    """Return account and inode of the socket at the other end; `None` if the kernel does not name it."""
    try:
        source, target = _parse_address(peer[0]), _parse_address(own[0])
    except ValueError:
        return None
    family = socket.AF_INET if source.version == 4 else socket.AF_INET6
    ends = struct.pack("!HH16s16s", peer[1], own[1], source.packed, target.packed)
    identity = ends + struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + identity
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
            kernel.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _REQUEST, 1, 0) + request)
            answer = kernel.recv(8_192)
    except (OSError, AttributeError):  # another system
        return None
    if _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    account, inode = struct.unpack_from("=II", answer, _HEADER.size + 4 + _ID_BYTES + 12)
    return account, inode


def _parse_address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _read_sockets(tables: tuple[Path, ...]) -> Iterator[_Socket]:
    for table in tables:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                _, local, remote, state, _, _, _, account, _, inode, *_ = line.split()
                yield _Socket(_port(local), _port(remote), state, int(account), inode)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
