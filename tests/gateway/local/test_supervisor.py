"""`turngate run`: starts all processes, restarts those that exit, stops them in order, keeps the data."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from tests.gateway.environments.running import InstalledGateway, RunningGateway

_TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "invented",
    "TWILIO_API_URL": "http://127.0.0.1:9",
    "PUBLIC_URL": "https://bots.example.com",
}
_KEY = "3f9b0c7a51e84d6280aa"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One gateway, shared by the tests that leave it unchanged."""
    running = RunningGateway(tmp_path_factory.mktemp("run"), **_TWILIO)
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningGateway]]:
    """Factory of gateways in the same folder."""
    started: list[RunningGateway] = []

    def begin(**settings: str) -> RunningGateway:
        started.append(RunningGateway(tmp_path, **settings))
        started[-1].wait_until_ready()
        return started[-1]

    yield begin
    for running in started:
        running.stop()


def becomes_true(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Return whether a condition becomes true in time; other processes offer no event to wait for."""
    end = monotonic() + seconds
    while not condition() and monotonic() < end:
        sleep(0.05)
    return condition()


@pytest.mark.long
def test_the_address_is_printed_once_the_gateway_is_ready(gateway: RunningGateway) -> None:
    assert gateway.is_ready()
    assert set(gateway.children()) == {"web", "worker", "server"}
    assert any("https://bots.example.com/webhooks/twilio" in line for line in gateway.lines)


@pytest.mark.long
def test_with_real_credentials_a_key_is_generated_shown_and_needed(gateway: RunningGateway) -> None:
    (line,) = [each for each in gateway.lines if each.startswith("Key ")]
    key, file = line.split()[1], gateway.folder / "var" / "operator-key"
    bearer = {"Authorization": f"Bearer {key}"}

    assert file.read_text(encoding="utf-8").strip() == key
    assert "shown this once" in line
    assert httpx.get(f"{gateway.url}/console", trust_env=False).status_code == 401
    assert httpx.get(f"{gateway.url}/console", headers=bearer, trust_env=False).status_code == 200


@pytest.mark.long
def test_a_public_address_needs_a_key_without_credentials_too(start: Callable[..., RunningGateway]) -> None:
    running = start(PUBLIC_URL="https://bots.example.com")

    assert any(line.startswith("Key ") and "shown this once" in line for line in running.lines)
    assert httpx.get(f"{running.url}/console", trust_env=False).status_code == 401


@pytest.mark.long
@pytest.mark.parametrize("name", ["web", "worker", "server"])
def test_killed_processes_are_restarted(gateway: RunningGateway, name: str) -> None:
    before = gateway.children()
    os.kill(before[name], signal.SIGKILL)

    assert becomes_true(lambda: gateway.children().get(name, before[name]) != before[name])
    assert becomes_true(gateway.is_ready)


@pytest.mark.long
def test_a_folder_in_use_is_reported_in_one_line(gateway: RunningGateway) -> None:
    second = RunningGateway(gateway.folder, **_TWILIO)
    second.wait_for_line("in use by another")

    assert second.wait_for_exit() == 2


def test_ctrl_c_stops_all_processes_with_exit_code_zero(start: Callable[..., RunningGateway]) -> None:
    running = start(**_TWILIO)
    children = running.children()

    assert running.stop() == 0
    assert not any(_is_running(pid) for pid in children.values())
    assert running.lines[-1].endswith("conversations are kept")


@pytest.mark.long
def test_a_second_ctrl_c_kills_a_hanging_worker(start: Callable[..., RunningGateway]) -> None:
    running = start(**_TWILIO)
    os.kill(running.children()["worker"], signal.SIGSTOP)
    running.process.send_signal(signal.SIGINT)
    running.wait_for_line("stopping")

    assert running.stop(timeout=15) == 0
    assert not any("did not stop within" in line for line in running.lines)


@pytest.mark.long
def test_children_end_when_the_supervisor_is_killed(start: Callable[..., RunningGateway]) -> None:
    running = start(**_TWILIO)
    children = running.children()
    running.process.kill()

    assert becomes_true(lambda: not any(_is_running(pid) for pid in children.values()))


@pytest.mark.long
def test_a_conversation_continues_after_a_restart(start: Callable[..., RunningGateway]) -> None:
    running = start(TURNGATE_FLOW="kyc")
    assert "last four digits" in send_message(running, "hi", 1)
    running.stop()

    assert "date of birth" in send_message(start(TURNGATE_FLOW="kyc"), "4321", 2)


@pytest.mark.long
def test_a_channel_is_simulated_beside_a_real_one(tmp_path: Path) -> None:
    for name in ("core/__init__.py", "channels.py", "gateway.py"):  # names of a project of the operator
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("raise RuntimeError('not ours')\n", encoding="utf-8")
    secret = tmp_path / "token"
    secret.write_text("invented\n", encoding="utf-8")
    secret.chmod(0o600)
    settings = {**_TWILIO, "TWILIO_AUTH_TOKEN": "", "TWILIO_AUTH_TOKEN_FILE": str(secret)}
    arguments = ("--simulate", "whatsapp", "--simulate", "zendesk")
    running = InstalledGateway(tmp_path, *arguments, **settings, TURNGATE_API_KEY=_KEY)
    try:
        running.wait_until_ready()
        assert any("simulating: whatsapp, zendesk" in line for line in running.lines)
        assert send_message(running, "hi", 1, surface="cloud")
        assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    finally:
        assert running.stop() == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("--simulate", "twilio"), _TWILIO, "credentials of twilio are set"),
        (("--simulate", "whatsap"), {}, "did you mean whatsapp"),
        ((), {"TWILIO_AUTHTOKEN": "x"}, "TWILIO_AUTHTOKEN is not a known setting"),
    ],
)
def test_nothing_is_simulated_by_mistake(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], message: str
) -> None:
    running = RunningGateway(tmp_path, *arguments, **settings)

    assert message in running.wait_for_line("turngate: ")
    assert running.wait_for_exit() == 2


@pytest.mark.long
def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        running = RunningGateway(tmp_path, "--port", str(port), **_TWILIO)
        line = running.wait_for_line("cannot listen on")

    assert f"127.0.0.1:{port} (Address already in use)" in line
    assert (running.wait_for_exit(), len(running.lines)) == (2, 1)


def send_message(running: RunningGateway, text: str, replies: int, surface: str = "sms") -> str:
    """Send a message through the console; return the last of `replies` replies."""
    contact = {"surface": surface, "person": "+15550100177"}
    bearer = {"Authorization": f"Bearer {_KEY}"}
    with httpx.Client(base_url=running.url, headers=bearer, trust_env=False) as console:
        console.post("/console/say", json={**contact, "text": text}).raise_for_status()

        def read_replies() -> list[str]:
            entries = console.get("/console/conversation", params=contact).json()["entries"]
            return [entry["data"]["body"] for entry in entries if entry["kind"] == "said"]

        assert becomes_true(lambda: len(read_replies()) == replies)
        return read_replies()[-1]


def _is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
