"""Generated key: one for all processes of a data folder, readable only by its owner."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.access.exposure import build_access, find_exposure
from gateway.access.generated_key import load_or_create_key, read_key
from tests.paths import ROOT

CREATE = """
import sys
from pathlib import Path
from gateway.access.generated_key import load_or_create_key
sys.stdin.readline()
key = load_or_create_key(Path(sys.argv[1]))
print(key.secret, key.is_new)
"""


def test_a_key_is_created_once_with_mode_600(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    first, second = load_or_create_key(folder), load_or_create_key(folder)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.secret == second.secret
    assert len(first.secret) >= 43
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["operator-key"]
    assert first.secret not in repr(first)


@pytest.mark.long
def test_processes_that_start_together_have_the_same_key(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CREATE, str(tmp_path / "var")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in started]

    assert len({secret for secret, _ in answers}) == 1
    assert [is_new for _, is_new in answers].count("True") == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create_key(tmp_path).path.chmod(mode)

    with pytest.raises(ConfigurationError, match="may be read by other users"):
        load_or_create_key(tmp_path)


def test_an_empty_or_linked_key_is_refused(tmp_path: Path) -> None:
    path = load_or_create_key(tmp_path).path
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is empty"):
        read_key(tmp_path)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load_or_create_key(tmp_path)


def test_a_folder_that_cannot_hold_a_key_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="set TURNGATE_API_KEY"):
        load_or_create_key(tmp_path / "var")


@pytest.mark.parametrize(
    ("public_url", "origins", "channels", "simulated", "reason"),
    [
        ("", [], [], [], ""),
        ("http://127.0.0.1:8000", ["http://localhost:3000"], ["twilio", "web"], ["twilio", "web"], ""),
        ("http://[::1]:8000", [], [], [], ""),
        ("https://bots.example.com", [], [], [], "PUBLIC_URL is https://bots.example.com"),
        ("http://10.0.0.5", [], [], [], "PUBLIC_URL"),
        ("http://127.0.0.1.example.com", [], [], [], "PUBLIC_URL"),
        ("http://[", [], [], [], "PUBLIC_URL"),
        ("", ["https://www.example.com"], [], [], "TURNGATE_WEB_ORIGINS"),
        ("", [], ["twilio"], [], "credentials of twilio"),
        ("", [], ["twilio", "twilio/shop2"], ["twilio"], "credentials of twilio/shop2"),
    ],
)
def test_exposure(
    public_url: str, origins: list[str], channels: list[str], simulated: list[str], reason: str
) -> None:
    found = find_exposure(public_url, origins, channels, simulated)

    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_a_key_is_generated_only_when_others_may_reach_the_gateway(tmp_path: Path) -> None:
    private = build_access((), "", "", tmp_path)
    assert (private.keys, private.generated, list(tmp_path.iterdir())) == ((), None, [])

    exposed = build_access((), "credentials of twilio are set", "https://bots.example.com:443/x", tmp_path)
    assert exposed.generated is not None
    assert [key.name for key in exposed.keys] == ["operator"]
    assert exposed.origin == "https://bots.example.com"

    configured = build_access(exposed.keys, "credentials of twilio are set", "", tmp_path / "other")
    assert configured.generated is None
    assert not (tmp_path / "other").exists()
