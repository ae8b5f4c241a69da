"""The providers that `turngate run` plays without credentials, and the settings that point to them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from channels._kit.simulator import Twin
from channels.intercom.simulator.server import IntercomTwin
from channels.sunshine.simulator.conversations import BOT as SWITCHBOARD_BOT
from channels.sunshine.simulator.server import SunshineTwin
from channels.twilio.simulator.server import TwilioTwin
from channels.whatsapp.simulator.server import WhatsAppTwin
from channels.zendesk.simulator.server import ZendeskTwin
from channels.zendesk.simulator.tickets import BOT as ZENDESK_BOT
from channels.zendesk.simulator.tickets import PEOPLE

ACCOUNT = "AC" + "0" * 31 + "1"
WORKSPACE = "wk7h2xqz"
APP = "5ebee0975ac5304b664a0001"
_BOT, _TEAM = "9608555", "5017001"


@dataclass(frozen=True, slots=True)
class Played:
    """A twin, and the settings of its channel once the address of its API is known."""

    twin: Twin
    settings: Callable[[str], Mapping[str, str]]


def played(url: str) -> tuple[Played, ...]:
    """All twins, calling the gateway at `url`; their secrets are made up for this run."""
    secret = secrets.token_hex(16)
    makers = (_twilio, _whatsapp, _intercom, _zendesk, _sunshine)
    return tuple(make(url, secret) for make in makers)


def _twilio(url: str, secret: str) -> Played:
    twin = TwilioTwin(
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

    return Played(twin, settings)


def _whatsapp(url: str, secret: str) -> Played:
    twin = WhatsAppTwin(
        app_secret=secret,
        access_token=secret,
        webhook_url=f"{url}/webhooks/whatsapp",
        seed=secrets.randbits(64),
    )
    return Played(
        twin,
        lambda api: {
            "WHATSAPP_APP_SECRET": secret,
            "WHATSAPP_VERIFY_TOKEN": secret,
            "WHATSAPP_ACCESS_TOKEN": secret,
            "WHATSAPP_API_URL": api,
        },
    )


def _intercom(url: str, secret: str) -> Played:
    twin = IntercomTwin(
        client_secret=secret,
        access_token=secret,
        webhook_url=f"{url}/webhooks/intercom",
        seed=secrets.randbits(64),
        app_id=WORKSPACE,
        admin=_BOT,
        team=_TEAM,
    )
    return Played(
        twin,
        lambda api: {
            "INTERCOM_CLIENT_SECRET": secret,
            "INTERCOM_ACCESS_TOKEN": secret,
            "INTERCOM_ADMIN_ID": _BOT,
            "INTERCOM_HANDOFF_TEAM_ID": _TEAM,
            "INTERCOM_HANDOFF_TAG_ID": "86",
            "INTERCOM_API_URL": api,
        },
    )


def _zendesk(url: str, secret: str) -> Played:
    twin = ZendeskTwin(
        secret=secret,
        api_token=secret,
        webhook_url=f"{url}/webhooks/zendesk",
        seed=secrets.randbits(64),
    )
    return Played(
        twin,
        lambda api: {
            "ZENDESK_WEBHOOK_SECRET": secret,
            "ZENDESK_EMAIL": "bot@example.com",
            "ZENDESK_API_TOKEN": secret,
            "ZENDESK_BOT_USER_ID": str(ZENDESK_BOT),
            "ZENDESK_HANDOFF_GROUP_ID": str(PEOPLE),
            "ZENDESK_API_URL": api,
        },
    )


def _sunshine(url: str, secret: str) -> Played:
    twin = SunshineTwin(
        app=APP,
        key=("app_1", secret),
        secret=secret,
        webhook_url=f"{url}/webhooks/sunshine",
        seed=secrets.randbits(64),
    )
    return Played(
        twin,
        lambda api: {
            "SUNSHINE_APP_ID": APP,
            "SUNSHINE_KEY_ID": "app_1",
            "SUNSHINE_KEY_SECRET": secret,
            "SUNSHINE_WEBHOOK_SECRET": secret,
            "SUNSHINE_INTEGRATION_ID": SWITCHBOARD_BOT["integrationId"],
            "SUNSHINE_API_URL": api,
        },
    )
