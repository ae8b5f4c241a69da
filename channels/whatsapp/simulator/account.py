"""The simulated WhatsApp Business account of `turngate run`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from channels._kit.inbound import canonical_number
from channels._kit.simulator import SimulatedAccount, SimulatedConversation, SimulatedSurface
from channels.whatsapp.capabilities import NAME
from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.model import Address

_BUSINESS_ACCOUNT_ID: Final = "900000000000001"
_PHONE_NUMBER_ID: Final = "800000000000001"
_DISPLAY_NUMBER: Final = "15550102"


def create_account(gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
    """Build the account, with one number."""
    app_secret, access_token, verify_token = new_secret(), new_secret(), new_secret()
    simulator = WhatsAppSimulator(
        app_secret=app_secret,
        access_token=access_token,
        webhook_url=f"{gateway_url}/webhooks/{NAME}",
        seed=secrets.randbits(64),
        phone_number_id=_PHONE_NUMBER_ID,
        display_number=_DISPLAY_NUMBER,
        account=_BUSINESS_ACCOUNT_ID,
    )
    return SimulatedAccount(
        simulator,
        lambda api_url: {
            "WHATSAPP_APP_SECRET": app_secret,
            "WHATSAPP_VERIFY_TOKEN": verify_token,
            "WHATSAPP_ACCESS_TOKEN": access_token,
            "WHATSAPP_API_URL": api_url,
            "WHATSAPP_PHONE_NUMBER_IDS": _PHONE_NUMBER_ID,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": _BUSINESS_ACCOUNT_ID,
        },
    )


def list_surfaces(api_url: str) -> tuple[SimulatedSurface, ...]:
    """Return the one number."""
    return (
        SimulatedSurface(
            name="cloud",
            surface=NAME,
            label="Cloud API",
            title="WhatsApp at Meta's own API",
            business=f"+{_DISPLAY_NUMBER}",
            locate=_locate,
        ),
    )


def _locate(number: str) -> SimulatedConversation:
    """Return the conversation by the session name that goes with the phone number (not the user id)."""
    address = Address(
        channel=NAME, account=_BUSINESS_ACCOUNT_ID, ours=_PHONE_NUMBER_ID, theirs=number.removeprefix("+")
    )
    session = f"{NAME}:{_PHONE_NUMBER_ID}:{canonical_number(number)}"
    return SimulatedConversation(address, session, aliases=(session,))
