"""Sample webhooks of Meta's Cloud API and the events that they become."""

from __future__ import annotations

import pytest

from tests.channels.contract.payload_cases import dump_events, list_payloads, read_events, read_payload
from tests.channels.whatsapp.builders import build_channel, build_webhook


@pytest.mark.parametrize("name", list_payloads("whatsapp"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = build_channel(), build_webhook(read_payload("whatsapp", name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("whatsapp", name)
