"""Sample webhooks of Zendesk messaging and the events that they become."""

from __future__ import annotations

import pytest

from core.ports import Webhook
from tests.channels.contract.payload_cases import dump_events, list_payloads, read_events, read_payload
from tests.channels.sunshine.builders import SECRET
from tests.channels.sunshine.builders import build_channel as sunshine


@pytest.mark.parametrize("name", list_payloads("sunshine"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel = sunshine(SUNSHINE_INTEGRATION_ID="5f11a650e4e987667c200001")
    webhook = Webhook("POST", "/webhooks/sunshine", {"x-api-key": SECRET}, read_payload("sunshine", name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("sunshine", name)
