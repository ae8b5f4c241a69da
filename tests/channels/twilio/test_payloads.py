"""Sample webhooks of Twilio and the events that they become."""

from __future__ import annotations

import pytest

from tests.channels.contract.payload_cases import dump_events, list_payloads, read_events
from tests.channels.twilio.builders import build_channel, build_webhook, read_payload


@pytest.mark.parametrize("name", list_payloads("twilio"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = build_channel(), build_webhook(read_payload(name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("twilio", name)
