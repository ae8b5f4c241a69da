"""The providers that `turngate run` plays without credentials, and the settings that point to them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from channels._kit.simulator import ProviderSimulator
from channels.intercom.simulator.server import IntercomSimulator
from channels.sunshine.simulator.conversations import BOT_INTEGRATION as SWITCHBOARD_BOT
from channels.sunshine.simulator.server import SunshineSimulator
from channels.twilio.simulator.server import TwilioSimulator
from channels.whatsapp.simulator.server import WhatsAppSimulator
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID as ZENDESK_BOT
from channels.zendesk.simulator.tickets import HAND_OFF_GROUP_ID

ACCOUNT = "AC" + "0" * 31 + "1"
WORKSPACE_ID = "wk7h2xqz"
APP_ID = "5ebee0975ac5304b664a0001"
_BOT_ID, _TEAM_ID = "9608555", "5017001"


@dataclass(frozen=True, slots=True)
class SimulatedProvider:
    """A twin, and the settings of its channel once the address of its API is known."""

    simulator: ProviderSimulator
    settings: Callable[[str], Mapping[str, str]]


def build_simulated_providers(url: str) -> tuple[SimulatedProvider, ...]:
    """All twins, calling the gateway at `url`; their secrets are made up for this run."""
    secret = secrets.token_hex(16)
    makers = (_build_twilio, _build_whatsapp, _build_intercom, _build_zendesk, _build_sunshine)
    return tuple(make(url, secret) for make in makers)


def _build_twilio(url: str, secret: str) -> SimulatedProvider:
    twin = TwilioSimulator(
        account_sid=ACCOUNT,
        auth_token=secret,
        webhook_url=f"{url}/webhooks/twilio#rc=3&rp=all",
        seed=secrets.randbits(64),
    )

    def settings(api: str) -> Mapping[str, str]:
        twin.url = api  # its webhooks name the addresses of files
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": secret,
            "TWILIO_API_URL": api,
            "TURNGATE_TWIN_URL": api,
        }

    return SimulatedProvider(twin, settings)


def _build_whatsapp(url: str, secret: str) -> SimulatedProvider:
    twin = WhatsAppSimulator(
        app_secret=secret,
        access_token=secret,
        webhook_url=f"{url}/webhooks/whatsapp",
        seed=secrets.randbits(64),
    )
    return SimulatedProvider(
        twin,
        lambda api: {
            "WHATSAPP_APP_SECRET": secret,
            "WHATSAPP_VERIFY_TOKEN": secret,
            "WHATSAPP_ACCESS_TOKEN": secret,
            "WHATSAPP_API_URL": api,
        },
    )


def _build_intercom(url: str, secret: str) -> SimulatedProvider:
    twin = IntercomSimulator(
        client_secret=secret,
        access_token=secret,
        webhook_url=f"{url}/webhooks/intercom",
        seed=secrets.randbits(64),
        app_id=WORKSPACE_ID,
        admin=_BOT_ID,
        team=_TEAM_ID,
    )
    return SimulatedProvider(
        twin,
        lambda api: {
            "INTERCOM_CLIENT_SECRET": secret,
            "INTERCOM_ACCESS_TOKEN": secret,
            "INTERCOM_ADMIN_ID": _BOT_ID,
            "INTERCOM_HANDOFF_TEAM_ID": _TEAM_ID,
            "INTERCOM_HANDOFF_TAG_ID": "86",
            "INTERCOM_API_URL": api,
        },
    )


def _build_zendesk(url: str, secret: str) -> SimulatedProvider:
    twin = ZendeskSimulator(
        secret=secret,
        api_token=secret,
        webhook_url=f"{url}/webhooks/zendesk",
        seed=secrets.randbits(64),
    )
    return SimulatedProvider(
        twin,
        lambda api: {
            "ZENDESK_WEBHOOK_SECRET": secret,
            "ZENDESK_EMAIL": "bot@example.com",
            "ZENDESK_API_TOKEN": secret,
            "ZENDESK_BOT_USER_ID": str(ZENDESK_BOT),
            "ZENDESK_HANDOFF_GROUP_ID": str(HAND_OFF_GROUP_ID),
            "ZENDESK_API_URL": api,
        },
    )


def _build_sunshine(url: str, secret: str) -> SimulatedProvider:
    twin = SunshineSimulator(
        app=APP_ID,
        key=("app_1", secret),
        secret=secret,
        webhook_url=f"{url}/webhooks/sunshine",
        seed=secrets.randbits(64),
    )
    return SimulatedProvider(
        twin,
        lambda api: {
            "SUNSHINE_APP_ID": APP_ID,
            "SUNSHINE_KEY_ID": "app_1",
            "SUNSHINE_KEY_SECRET": secret,
            "SUNSHINE_WEBHOOK_SECRET": secret,
            "SUNSHINE_INTEGRATION_ID": SWITCHBOARD_BOT["integrationId"],
            "SUNSHINE_API_URL": api,
        },
    )
