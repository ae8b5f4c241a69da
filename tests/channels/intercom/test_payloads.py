"""Sample webhooks of Intercom and the events that they become."""

from __future__ import annotations

import pytest

from tests.channels.contract.payload_cases import dump_events, payload_names, read_events, read_payload
from tests.channels.intercom.builders import channel as intercom
from tests.channels.intercom.builders import signed


@pytest.mark.parametrize("name", payload_names("intercom"))
def test_a_sample_webhook_is_parsed_into_its_events(name: str) -> None:
    channel, webhook = intercom(), signed(read_payload("intercom", name))
    channel.verify(webhook)

    assert dump_events(channel.parse(webhook)) == read_events("intercom", name)
