"""`turngate keys`: making, listing and rotating keys, and errors of other commands without the key."""

from __future__ import annotations

import json

import pytest

from gateway.redis.encryption import cipher
from gateway.redis.encryption.key_ring import SETTING
from tests.core.rig import SESSION, Rig
from tests.gateway.cli.test_sessions import ask_command, prepare, run_command

__all__ = ["ask_command"]

TEXT = "my secret zebrafish"


async def hold_conversation(rig: Rig) -> None:
    await rig.accept_turns(1, text=TEXT)
    await rig.process()


def generate_key() -> str:
    return run_command("keys", "generate").output.strip()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("c2VjcmV0", "key 1 has 6 bytes in place of 32"),
        ("not base64!", "key 1 is not base64"),
        ("A" * 43 + "=", "key 1 is not random"),
        ("cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ=", "key 1 is not random"),
    ],
)
def test_a_wrong_key_is_a_plain_sentence(
    ask_command: str, monkeypatch: pytest.MonkeyPatch, value: str, problem: str
) -> None:
    monkeypatch.setenv(SETTING, value)
    error = str(run_command("keys", "list").exception)

    assert error.startswith(f"{SETTING}: {problem}")
    assert "`turngate keys generate`" in error
    assert value not in error


def test_the_keys_are_rotated_and_what_was_clear_is_encrypted(
    ask_command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "REFRESH_SECONDS", -1.0)  # no other process has to learn of the key
    prepare(ask_command, hold_conversation)
    assert f"{SETTING} is not set" in str(run_command("keys", "rotate").exception)
    old, new = generate_key(), generate_key()
    monkeypatch.setenv(SETTING, old)
    assert run_command("keys", "rotate").exit_code == 0
    monkeypatch.setenv(SETTING, f"{new},{old}")
    rotated = run_command("keys", "rotate", "--reencrypt")
    assert "now: 3." in rotated.output
    assert "Written with the new key: " in rotated.output
    monkeypatch.setenv(SETTING, new)
    listed = json.loads(run_command("keys", "list", "--json").output)
    assert {each["wrapped_by"] for each in listed["data_keys"]} == set(listed["setting"])
    assert len(listed["data_keys"]) == 4
    assert TEXT in run_command("why", SESSION, "--text").output
    acts = run_command("audit", "list").output
    assert "rotate_keys" in acts
    assert "reencrypt" in acts

    monkeypatch.setenv(SETTING, old)
    assert f"add that key to {SETTING} and restart" in str(run_command("why", SESSION, "--text").exception)
