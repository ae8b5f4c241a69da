"""Account of the process at the other end of a loopback connection, as Linux lists it.

A reverse proxy on this machine connects from loopback, and one that is configured with a bare `proxy_pass`
(nginx from 1.29.7 on) says nothing of itself in the request. But it runs as a service account.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"
_FIRST_USER: Final = 1000
_DYNAMIC_ACCOUNTS: Final = range(61_184, 65_536)
"""systemd's dynamic users, and nobody."""


class _Socket(NamedTuple):
    local_port: int
    remote_port: int
    state: str
    account: int
    inode: str


def may_be_service(peer_port: int, own_port: int, tables: tuple[Path, ...] = _TABLES) -> bool:
    """Return whether the peer of a connection from this machine may be a service, not a person's program.

    A peer that has closed its end already is not known any more, so it may be one. Where the system has no
    such list, or nobody listens on `own_port`, nothing speaks for a service.
    """
    sockets = list(_read_sockets(tables))
    if not any(each.state == _LISTENING and each.local_port == own_port for each in sockets):
        return False
    peers = [each for each in sockets if (each.local_port, each.remote_port) == (peer_port, own_port)]
    return not peers or any(each.inode == "0" or _is_service(each.account) for each in peers)


def _is_service(account: int) -> bool:
    return 0 < account < _FIRST_USER or account in _DYNAMIC_ACCOUNTS


def _read_sockets(tables: tuple[Path, ...]) -> Iterator[_Socket]:
    for table in tables:
        with suppress(OSError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                _, local, remote, state, _, _, _, account, _, inode, *_ = line.split()
                yield _Socket(_port(local), _port(remote), state, int(account), inode)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
