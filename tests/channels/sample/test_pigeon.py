"""The sample channel of docs/adding-a-channel.md passes the contract tests."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import shutil
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

import channels
from channels._kit.inbound import Verification
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.sample.pigeon import URL, VERIFICATION, PigeonChannel, create_channel

SECRET = "coo-coo"


class TestPigeon(ChannelCases):
    send_url = URL
    accepted: ClassVar[httpx.Response] = httpx.Response(200, json={"number": "n1"})

    def channel(self) -> PigeonChannel:
        channel = create_channel({"PIGEON_SECRET": SECRET}, "")
        assert channel is not None
        return channel

    def verification(self) -> Verification:
        return VERIFICATION

    def build_genuine_webhook(self) -> Webhook:
        body = json.dumps({"bird": "b10", "roof": "r1", "number": "7", "text": "Hello"}).encode()
        ring = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return Webhook("POST", "http://10.0.0.7/webhooks/pigeon", {VERIFICATION.header: ring}, body)


def test_a_channel_needs_only_its_own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pigeon"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("pigeon.py"), folder / "__init__.py")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    importlib.invalidate_caches()

    assert "pigeon" in channels.available()
    loaded = channels.load("pigeon", {"PIGEON_SECRET": SECRET}, "")
    assert loaded is not None
    assert loaded.name == "pigeon"
