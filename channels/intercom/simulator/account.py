"""The simulated Intercom workspace of `turngate run`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from channels._kit.simulator import SimulatedAccount, SimulatedConversation, SimulatedSurface
from channels.intercom.capabilities import NAME
from channels.intercom.simulator.server import IntercomSimulator
from core.model import Address

_WORKSPACE_ID: Final = "wk7h2xqz"
_BOT_ADMIN_ID: Final = "9608555"
_TEAM_ID: Final = "5017001"
_TAG_ID: Final = "86"


def create_account(gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
    """Build the workspace, with the bot's admin and one hand-off team."""
    client_secret, access_token = new_secret(), new_secret()
    simulator = IntercomSimulator(
        client_secret=client_secret,
        access_token=access_token,
        webhook_url=f"{gateway_url}/webhooks/{NAME}",
        seed=secrets.randbits(64),
        app_id=_WORKSPACE_ID,
        admin=_BOT_ADMIN_ID,
        team=_TEAM_ID,
    )
    return SimulatedAccount(
        simulator,
        lambda api_url: {
            "INTERCOM_CLIENT_SECRET": client_secret,
            "INTERCOM_ACCESS_TOKEN": access_token,
            "INTERCOM_ADMIN_ID": _BOT_ADMIN_ID,
            "INTERCOM_HANDOFF_TEAM_ID": _TEAM_ID,
            "INTERCOM_HANDOFF_TAG_ID": _TAG_ID,
            "INTERCOM_API_URL": api_url,
        },
    )


def list_surfaces(api_url: str) -> tuple[SimulatedSurface, ...]:
    """Return the one surface; a conversation is found by the id of its thread."""

    def locate(thread: str) -> SimulatedConversation:
        address = Address(channel=NAME, account=_WORKSPACE_ID, ours=_WORKSPACE_ID, theirs=thread)
        return SimulatedConversation(address, f"{NAME}:{_WORKSPACE_ID}:{thread}")

    return (
        SimulatedSurface(
            name=NAME, surface=NAME, label="Intercom", business="Intercom", locate=locate, has_desk=True
        ),
    )
