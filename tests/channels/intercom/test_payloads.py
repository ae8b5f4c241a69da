"""Sample webhooks of Intercom and the events that they become."""

from __future__ import annotations

import pytest

from tests.channels.contract.payload_cases import dump_events, list_payloads, read_events, read_payload
from tests.channels.intercom.builders import build_channel as intercom
from tests.channels.intercom.builders import sign_webhook


@pytest.mark.parametrize("name", list_payloads("intercom"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = intercom(), sign_webhook(read_payload("intercom", name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("intercom", name)
