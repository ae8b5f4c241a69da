"""The simulated Twilio account of `turngate run`: an SMS number and a WhatsApp sender."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from channels._kit.simulator import SimulatedAccount, SimulatedConversation, SimulatedSurface
from channels.twilio.capabilities import NAME, WEBHOOK_PATH
from channels.twilio.simulator.server import TwilioSimulator
from core.model import Address

ACCOUNT_SID: Final = "AC" + "0" * 31 + "1"
_SMS_NUMBER: Final = "+15550100"
_WHATSAPP_NUMBER: Final = "+15550101"


def create_account(gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
    """Build the account; its webhooks are retried as by the connection overrides `#rc=3&rp=all`."""
    auth_token = new_secret()
    simulator = TwilioSimulator(
        account_sid=ACCOUNT_SID,
        auth_token=auth_token,
        webhook_url=f"{gateway_url}{WEBHOOK_PATH}#rc=3&rp=all",
        seed=secrets.randbits(64),
        sms_number=_SMS_NUMBER,
        whatsapp_number=f"whatsapp:{_WHATSAPP_NUMBER}",
    )

    simulator.contents.add_samples()

    def settings(api_url: str) -> Mapping[str, str]:
        simulator.url = api_url  # its webhooks contain media URLs
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": auth_token,
            "TWILIO_API_URL": api_url,
            "TWILIO_NUMBERS": f"{_SMS_NUMBER},whatsapp:{_WHATSAPP_NUMBER}",
        }

    return SimulatedAccount(simulator, settings)


def list_surfaces(api_url: str) -> tuple[SimulatedSurface, ...]:
    """Return SMS and WhatsApp."""
    return (
        SimulatedSurface(
            name="sms",
            surface="sms",
            label="SMS",
            business=_SMS_NUMBER,
            locate=lambda number: _locate(_SMS_NUMBER, number),
            takes_pictures=False,
            shows_choices=False,
        ),
        SimulatedSurface(
            name="whatsapp",
            surface="whatsapp",
            label="WhatsApp",
            business=_WHATSAPP_NUMBER,
            locate=lambda number: _locate(f"whatsapp:{_WHATSAPP_NUMBER}", f"whatsapp:{number}"),
        ),
    )


def _locate(business: str, contact: str) -> SimulatedConversation:
    address = Address(channel=NAME, account=ACCOUNT_SID, ours=business, theirs=contact)
    return SimulatedConversation(address, f"{NAME}:{ACCOUNT_SID}:{business}:{contact}")
