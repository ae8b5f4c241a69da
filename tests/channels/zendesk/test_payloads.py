"""Sample webhooks of Zendesk Support and the events that they become."""

from __future__ import annotations

import json

import pytest

from tests.channels.contract.payload_cases import dump_events, list_payloads, read_events, read_payload
from tests.channels.zendesk.builders import build_channel as zendesk
from tests.channels.zendesk.builders import build_webhook


@pytest.mark.parametrize("name", list_payloads("zendesk"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = zendesk(), build_webhook(json.loads(read_payload("zendesk", name)))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("zendesk", name)
