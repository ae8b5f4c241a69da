"""Two accounts of one channel: each has its own secret, flow and replies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from redis.asyncio import Redis

from channels._kit.simulator import UserMessage
from channels.twilio.simulator.server import TwilioSimulator
from core.model import DeliveryStatus
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log
from tests.gateway.environments.stack import ACCOUNT, TOKEN
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

OTHER = ACCOUNT[:-1] + "2"
PERSON = "+15550177"


class TwoAccounts(NamedTuple):
    """The simulators of both accounts, and the gateway's server."""

    first: RecordingSimulatorServer
    second: RecordingSimulatorServer
    redis_url: str


@pytest.fixture
async def accounts(tmp_path: Path) -> AsyncIterator[TwoAccounts]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        webhook_url = f"{url}/webhooks/twilio"  # both accounts use one webhook URL
        first = RecordingSimulatorServer(
            TwilioSimulator(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=webhook_url, seed=7), http
        )
        second = RecordingSimulatorServer(
            TwilioSimulator(account_sid=OTHER, auth_token="other", webhook_url=webhook_url, seed=8), http
        )
        config = tmp_path / "turngate.toml"
        config.write_text(
            f"""
            [channels.twilio]
            flow = "kyc"
            [channels.twilio.accounts.shop2]
            flow = "support"
            settings.TWILIO_ACCOUNT_SID = "{OTHER}"
            settings.TWILIO_AUTH_TOKEN = "$SHOP2_TOKEN"
            settings.TWILIO_API_URL = "{await stack.enter_async_context(serve(second))}"
            """
        )
        environ = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": await stack.enter_async_context(serve(first)),
            "SHOP2_TOKEN": "other",
            "TURNGATE_CONFIG": str(config),
        }
        yield TwoAccounts(first, second, await start_gateway(stack, url, "order_status", environ))


@pytest.mark.long
async def test_each_account_has_its_own_flow_and_replies(accounts: TwoAccounts) -> None:
    accounts.first.send_user_message(UserMessage("sms", PERSON, "hi"))
    accounts.second.send_user_message(UserMessage("sms", PERSON, "hi"))

    await accounts.first.wait_for_entries("last four digits", PERSON, 0)
    await accounts.second.wait_for_entries("Harbour Lane", PERSON, 0)
    assert len(accounts.first.list_entries(PERSON)) == len(accounts.second.list_entries(PERSON)) == 1

    await accounts.second.wait_until_idle()
    async with Redis.from_url(accounts.redis_url) as redis:
        entries = await read_log(redis, f"twilio:{OTHER}:+15550100:{PERSON}")
        statuses = [entry.data["status"] for entry in entries if entry.kind == "status"]
        assert DeliveryStatus.DELIVERED in statuses
