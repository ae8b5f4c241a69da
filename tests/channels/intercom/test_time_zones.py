"""Time zone of a contact, for quiet hours: from the place in their profile, otherwise from their number."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from core.errors import DeliveryError
from core.model import Address, Turn
from core.ports import KnowsTimeZones
from tests.channels.intercom.builders import APP, build_channel

CONTACT = "6762f0dd1bb69f9f2193bb83"
ADDRESS = Address(channel="intercom", account=APP, ours=APP, theirs="1911")


def build_turn(contact: str = CONTACT) -> Turn:
    return Turn(id="p1", session="intercom:x:1911", address=ADDRESS, details={"user_id": contact})


async def find_time_zone(turn: Turn, status: int = 200, **contact: Any) -> str:
    with respx.mock(assert_all_called=False) as router:
        route = router.get(f"https://api.intercom.io/contacts/{CONTACT}")
        route.respond(status, json={"type": "contact", "id": CONTACT, **contact})
        async with httpx.AsyncClient() as http:
            return await build_channel().find_time_zone(turn, http)


@pytest.mark.parametrize(
    ("contact", "zone"),
    [
        ({"location": {"country": "Ireland", "city": "Cork"}}, "Europe/Dublin"),
        ({"location": {"country": "United States", "city": "Los Angeles"}}, "America/Los_Angeles"),
        ({"location": {"country": "United States"}, "phone": "+1 212 555 0123"}, "America/New_York"),
        ({"location": {"country": None, "city": None}, "phone": None}, ""),
        ({"location": None}, ""),
    ],
)
async def test_the_zone_is_that_of_the_place_or_of_the_number(contact: dict[str, Any], zone: str) -> None:
    assert isinstance(build_channel(), KnowsTimeZones)
    assert await find_time_zone(build_turn(), **contact) == zone


async def test_an_invalid_contact_id_is_not_requested() -> None:
    assert await find_time_zone(build_turn("../admins")) == await find_time_zone(build_turn("")) == ""


async def test_an_error_of_the_provider_is_raised() -> None:
    with pytest.raises(DeliveryError):
        await find_time_zone(build_turn(), status=404)
