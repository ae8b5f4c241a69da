"""The composed web application, with credentials of a provider and named keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from gateway.app import create
from gateway.config.settings import setting_rows
from tests.gateway.server.test_operator_auth import NAMED


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis: Redis, redis_url: str) -> None:
    """Set the environment of an exposed gateway with one real account."""
    for name, _, _ in setting_rows():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "REDIS_URL": redis_url,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
        "PUBLIC_URL": "https://bots.example.com",
        "TURNGATE_API_KEYS": NAMED,
        "TURNGATE_WEB_TOKEN_SECRET": "0123456789abcdef0123456789abcdef",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def app(environment: None) -> Starlette:
    return create()
