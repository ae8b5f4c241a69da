"""The simulated Zendesk Support account of `turngate run`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from channels._kit.simulator import SimulatedAccount, SimulatedConversation, SimulatedSurface
from channels.zendesk.capabilities import NAME
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID
from core.model import Address

_EMAIL: Final = "bot@example.com"
_WEBHOOK_ID: Final = "01J8"


def create_account(gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
    """Build the account, with the bot's user and one hand-off group."""
    webhook_secret, api_token = new_secret(), new_secret()
    simulator = ZendeskSimulator(
        secret=webhook_secret,
        api_token=api_token,
        webhook_url=f"{gateway_url}/webhooks/{NAME}",
        seed=secrets.randbits(64),
        email=_EMAIL,
    )
    simulator.admin.webhooks[_WEBHOOK_ID] = {
        "id": _WEBHOOK_ID,
        "endpoint": f"{gateway_url}/webhooks/{NAME}",
        "status": "active",
    }
    return SimulatedAccount(
        simulator,
        lambda api_url: {
            "ZENDESK_WEBHOOK_SECRET": webhook_secret,
            "ZENDESK_EMAIL": _EMAIL,
            "ZENDESK_API_TOKEN": api_token,
            "ZENDESK_BOT_USER_ID": str(BOT_ID),
            "ZENDESK_HANDOFF_GROUP_ID": str(HAND_OFF_GROUP_ID),
            "ZENDESK_API_URL": api_url,
        },
    )


def list_surfaces(api_url: str) -> tuple[SimulatedSurface, ...]:
    """Return the one surface; a conversation is found by the id of its thread."""
    account = urlsplit(api_url).hostname or ""

    def locate(thread: str) -> SimulatedConversation:
        address = Address(channel=NAME, account=account, ours=account, theirs=thread)
        return SimulatedConversation(address, f"{NAME}:{account}:{thread}")

    return (
        SimulatedSurface(
            name=NAME,
            surface=NAME,
            label="Zendesk ticket",
            business="Zendesk ticket",
            locate=locate,
            has_desk=True,
        ),
    )
