"""Simulated accounts of all channels, for `turngate run` without credentials."""

from __future__ import annotations

import time

import pytest

import channels
from channels._kit.simulator import SimulatedDesk, UserMessage
from core.model import TurnReceived
from core.ports import Webhook
from gateway.local.simulated_accounts import (
    create_simulated_accounts,
    format_simulator_urls,
    list_simulated_surfaces,
    parse_simulator_urls,
)

GATEWAY = "https://bots.example.com"
API = "http://127.0.0.1:9"
CONTACT = "+15550177"
NOW = time.time()


def test_every_channel_has_a_simulated_account_with_unique_surface_names() -> None:
    accounts = create_simulated_accounts(GATEWAY)
    surfaces = list_simulated_surfaces(dict.fromkeys(accounts, API))
    names = [surface.name for listed in surfaces.values() for surface in listed]

    assert list(accounts) == list(surfaces) == channels.available()
    assert all(account.simulator.name == name for name, account in accounts.items())
    assert all(surfaces.values())
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", channels.available())
def test_a_surface_locates_the_session_of_its_webhook(name: str) -> None:
    account = create_simulated_accounts(GATEWAY)[name]
    channel = channels.load(name, account.settings(API), GATEWAY)
    assert channel is not None

    for surface in list_simulated_surfaces({name: API})[name]:
        _, deliveries = account.simulator.send_user_message(
            UserMessage(surface.surface, CONTACT, "Hello"), NOW
        )
        hooks = [Webhook(d.method, d.url.partition("#")[0], d.headers, d.body) for d in deliveries]
        for hook in hooks:
            channel.verify(hook)
        events = [event for hook in hooks for event in channel.parse(hook)]
        received = next(event for event in events if isinstance(event, TurnReceived))
        identifier = CONTACT
        if surface.has_desk:
            assert isinstance(account.simulator, SimulatedDesk)
            identifier = account.simulator.get_desk_status(CONTACT).thread
        found = surface.locate(identifier)

        assert found.address == received.turn.address
        assert found.session in (received.turn.session, *received.aliases)


def test_simulator_urls_round_trip_through_the_environment() -> None:
    urls = {"twilio": "http://127.0.0.1:1", "zendesk": "http://127.0.0.1:2"}

    assert parse_simulator_urls({"TURNGATE_SIMULATOR_URL": format_simulator_urls(urls)}) == urls
    assert parse_simulator_urls({}) == {}


def test_every_credential_of_the_simulated_accounts_differs() -> None:
    """A mix-up of two credentials must fail in `turngate run` as it does with real ones."""
    values = [
        value
        for account in create_simulated_accounts("http://127.0.0.1:8000").values()
        for name, value in account.settings("http://127.0.0.1:9000").items()
        if name.endswith(("SECRET", "TOKEN"))
    ]

    assert len(values) > 8
    assert len(set(values)) == len(values)
