"""Client of the provider simulators: their addresses, and the names of their conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field

from channels._kit.inbound import canonical_number
from core.model import Address
from gateway.local.simulated_accounts import APP_ID, WORKSPACE_ID

_PHONE_NUMBER_PATTERN = r"^\+\d{6,15}$"
_SURFACE_PATTERN = "^(sms|whatsapp|cloud|intercom|zendesk|sunshine)$"


class SimulatedContact(BaseModel):
    """The contact's side of a simulated conversation."""

    surface: str = Field(pattern=_SURFACE_PATTERN)
    person: str = Field(pattern=_PHONE_NUMBER_PATTERN)


@dataclass(frozen=True, slots=True)
class DeskEndpoint:
    """A provider desk where agents work on the same conversation; `account` is our account there."""

    name: str
    label: str
    url: str
    account: str


@dataclass(frozen=True, slots=True)
class Simulator:
    """Addresses of the simulators, and the accounts and numbers that they use."""

    url: str
    account: str
    cloud_url: str
    desks: tuple[DeskEndpoint, ...] = ()
    sms: str = "+15550100"
    whatsapp: str = "whatsapp:+15550101"
    cloud: str = "+15550102"
    cloud_account: str = "900000000000001"
    cloud_number: str = "800000000000001"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self | None:
        """Load the simulators that `turngate run` has started; `None` with real providers."""
        url = environ.get("TURNGATE_TWIN_URL", "")
        if not url:
            return None
        zendesk = urlsplit(environ["ZENDESK_API_URL"]).hostname or ""
        desks = (
            DeskEndpoint("intercom", "Intercom", environ["INTERCOM_API_URL"], WORKSPACE_ID),
            DeskEndpoint("zendesk", "Zendesk ticket", environ["ZENDESK_API_URL"], zendesk),
            DeskEndpoint("sunshine", "Zendesk messaging", environ["SUNSHINE_API_URL"], APP_ID),
        )
        return cls(url, environ["TWILIO_ACCOUNT_SID"], environ["WHATSAPP_API_URL"], desks)

    def find_desk(self, surface: str) -> DeskEndpoint | None:
        """Return the desk of a surface."""
        return next((desk for desk in self.desks if desk.name == surface), None)

    def find_endpoint(self, surface: str) -> tuple[str, str]:
        """Return the simulator's address and its own name of the surface."""
        if desk := self.find_desk(surface):
            return desk.url, surface
        return (self.cloud_url, "whatsapp") if surface == "cloud" else (self.url, surface)

    async def find_address(self, person: SimulatedContact, http: httpx.AsyncClient) -> Address | None:
        """Return the address of a contact's conversation; `None` if a desk has none yet.

        Raises `httpx.HTTPError` when the desk does not answer.
        """
        if desk := self.find_desk(person.surface):
            thread = (await query_simulator(http, desk.url, "desk", person.person))["standing"]["thread"]
            ours = desk.account
            return Address(channel=desk.name, account=ours, ours=ours, theirs=thread) if thread else None
        if person.surface == "cloud":
            return Address(
                channel="whatsapp",
                account=self.cloud_account,
                ours=self.cloud_number,
                theirs=person.person.removeprefix("+"),
            )
        on_sms = person.surface == "sms"
        return Address(
            channel="twilio",
            account=self.account,
            ours=self.sms if on_sms else self.whatsapp,
            theirs=person.person if on_sms else f"whatsapp:{person.person}",
        )

    def build_session_id(self, address: Address) -> str:
        """Return the session ID as the channel builds it; for WhatsApp, the one of the phone number."""
        if self.find_desk(address.channel):
            return f"{address.channel}:{address.account}:{address.theirs}"
        if address.channel == "whatsapp":
            return f"whatsapp:{address.ours}:{canonical_number(f'+{address.theirs}')}"
        return f"{address.channel}:{address.account}:{address.ours}:{address.theirs}"


async def query_simulator(
    http: httpx.AsyncClient, url: str, what: str, person: str, **more: str
) -> dict[str, Any]:
    """Query a simulator about a contact. Raises `httpx.HTTPError`."""
    answer = await http.get(f"{url}/_twin/{what}", params={"from": person, **more})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
