"""Reports about messages by the names that the process's log shows."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.log_context import hide_numbers
from core.model import TurnReceived
from gateway.redis.records.sessions.session_report import explain
from tests.fakes import build_turn
from tests.gateway.config.test_logging import build_whatsapp_id
from tests.gateway.environments.inbound import InboundGateway

SESSION = "fake:1"
RECEIVED, OTHER = build_whatsapp_id("15550102360"), build_whatsapp_id("15550102360", b"3EB0C767D0971A5C9F1E")


@pytest.fixture
async def gateway(redis: Redis) -> InboundGateway:
    made = InboundGateway(redis, ["fake"])
    for message_id in (RECEIVED, OTHER):
        turn = build_turn(1, SESSION).model_copy(update={"id": message_id})
        await made.receive([TurnReceived(turn=turn)], SESSION)
    await made.mailbox.aclose()
    return made


@pytest.mark.parametrize(
    "name", [RECEIVED, f"{RECEIVED}.1", hide_numbers(RECEIVED), f"{hide_numbers(RECEIVED)}.1", "P1"]
)
async def test_a_message_is_found_as_the_log_shows_it(gateway: InboundGateway, name: str) -> None:
    [report] = await explain(gateway.redis, name, 50)

    accepted = [entry.data["turn"] for entry in report.entries if entry.kind == "accepted"]
    assert (report.session, accepted) == (SESSION, [RECEIVED])
    assert "15550102360" not in hide_numbers(name)


async def test_an_unknown_end_is_not_found(gateway: InboundGateway) -> None:
    assert await explain(gateway.redis, "wamid.…AgASGBQzRUIw*", 50) == []
