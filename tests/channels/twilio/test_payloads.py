"""Sample webhooks of Twilio and the events that they become."""

from __future__ import annotations

import pytest

from tests.channels.contract.payload_cases import dump_events, payload_names, read_events
from tests.channels.twilio.builders import payload, post, twilio


@pytest.mark.parametrize("name", payload_names("twilio"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = twilio(), post(payload(name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("twilio", name)
