"""`turngate run`: starts everything, heals what dies, stops in order and keeps what it had."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.gateway.running import Running

_TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "invented",
    "TWILIO_API_URL": "http://127.0.0.1:9",
    "PUBLIC_URL": "https://bots.example.com",
}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, **_TWILIO)
    running.until_ready()
    yield running
    running.stop()


def eventually(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it becomes true in time; other processes offer no event to wait for."""
    end = monotonic() + seconds
    while not true() and monotonic() < end:
        sleep(0.05)
    return true()


def test_it_says_where_it_is_when_a_message_would_be_answered(gateway: Running) -> None:
    assert gateway.is_ready()
    assert set(gateway.children()) == {"web", "worker", "server"}
    assert any("https://bots.example.com/webhooks/twilio" in line for line in gateway.lines)


@pytest.mark.parametrize("name", ["web", "worker", "server"])
def test_what_is_killed_is_started_again(gateway: Running, name: str) -> None:
    before = gateway.children()
    os.kill(before[name], signal.SIGKILL)

    assert eventually(lambda: gateway.children().get(name, before[name]) != before[name])
    assert eventually(gateway.is_ready)


def test_ctrl_c_stops_everything_and_is_no_failure(gateway: Running) -> None:
    children = gateway.children()

    assert gateway.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())
    assert gateway.lines[-1].endswith("conversations are kept")


def test_when_it_is_killed_its_children_end_too(gateway: Running) -> None:
    children = gateway.children()
    gateway.process.kill()

    assert eventually(lambda: not any(_is_running(pid) for pid in children.values()))


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        running = Running(tmp_path, "--port", str(port), **_TWILIO)
        said = running.until("cannot be used")

    assert f"port {port} of 127.0.0.1 cannot be used (Address already in use)" in said
    assert (running.ended(), len(running.lines)) == (2, 1)


def test_a_folder_in_use_is_one_sentence(gateway: Running, tmp_path: Path) -> None:
    second = Running(tmp_path, **_TWILIO)
    second.until("in use by another")

    assert second.ended() == 2


def _is_running(pid: int) -> bool:
    """A zombie that nobody has waited for yet does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
