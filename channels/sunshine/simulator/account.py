"""The simulated Sunshine Conversations app of `turngate run`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from channels._kit.simulator import SimulatedAccount, SimulatedConversation, SimulatedSurface
from channels.sunshine.capabilities import NAME
from channels.sunshine.contact_numbers import SETTING as INTEGRATIONS_SETTING
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.notifications import INTEGRATIONS
from channels.sunshine.simulator.server import SunshineSimulator
from core.model import Address

_APP_ID: Final = "5ebee0975ac5304b664a0001"
_KEY_ID: Final = "app_1"


def create_account(gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
    """Build the app, with the bot's integration as first responder."""
    key_secret, webhook_secret = new_secret(), new_secret()
    simulator = SunshineSimulator(
        app=_APP_ID,
        key=(_KEY_ID, key_secret),
        secret=webhook_secret,
        webhook_url=f"{gateway_url}/webhooks/{NAME}",
        seed=secrets.randbits(64),
    )
    return SimulatedAccount(
        simulator,
        lambda api_url: {
            "SUNSHINE_APP_ID": _APP_ID,
            "SUNSHINE_KEY_ID": _KEY_ID,
            "SUNSHINE_KEY_SECRET": key_secret,
            "SUNSHINE_WEBHOOK_SECRET": webhook_secret,
            "SUNSHINE_INTEGRATION_ID": BOT_INTEGRATION["integrationId"],
            "SUNSHINE_API_URL": api_url,
            INTEGRATIONS_SETTING: ",".join(f"{kind}:{number}" for number, kind in INTEGRATIONS.items()),
        },
    )


def list_surfaces(api_url: str) -> tuple[SimulatedSurface, ...]:
    """Return the one surface; a conversation is found by the id of its thread."""

    def locate(thread: str) -> SimulatedConversation:
        address = Address(channel=NAME, account=_APP_ID, ours=_APP_ID, theirs=thread)
        return SimulatedConversation(address, f"{NAME}:{_APP_ID}:{thread}")

    return (
        SimulatedSurface(
            name=NAME,
            surface=NAME,
            label="Zendesk messaging",
            business="Zendesk messaging",
            locate=locate,
            has_desk=True,
        ),
    )
