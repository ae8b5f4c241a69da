"""Simulated provider of the chaos test: observes overlapping, forbidden and failed sends."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlencode

from channels._kit.simulator import Fault, FaultSettings, SimulatorRequest
from gateway.storm.provider import StormSimulator

ACCOUNT, TOKEN, BUSINESS_NUMBER, CONTACT = "AC" + "0" * 31 + "1", "0" * 32, "+15550100", "+15550170"


def make_simulator(faults: FaultSettings | None = None) -> StormSimulator:
    simulator = StormSimulator(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        webhook_url="http://127.0.0.1:1/x",
        seed=1,
        business_number=BUSINESS_NUMBER,
    )
    simulator.set_faults(faults or FaultSettings(answer_delay=0.05))
    return simulator


def send(simulator: StormSimulator, text: str, now: float) -> None:
    basic = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    body = urlencode({"From": BUSINESS_NUMBER, "To": CONTACT, "Body": text}).encode()
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    simulator.handle(SimulatorRequest("POST", url, {"authorization": f"Basic {basic}"}, body), now)


def test_sequential_sends_are_received_in_order() -> None:
    provider = make_simulator()
    send(provider, "a", 1.0)
    send(provider, "b", 1.1)

    recipient = provider.recipient(CONTACT)
    assert (recipient.received, recipient.sends, recipient.overlaps, recipient.sends_while_silenced) == (
        ["a", "b"],
        2,
        0,
        0,
    )


def test_an_overlapping_send_is_counted() -> None:
    provider = make_simulator()
    send(provider, "a", 1.0)
    send(provider, "b", 1.01)

    assert provider.recipient(CONTACT).overlaps == 1


def test_a_send_while_the_bot_is_silenced_is_counted() -> None:
    provider = make_simulator()
    provider.recipient(CONTACT).is_silenced = True
    send(provider, "a", 1.0)

    assert provider.recipient(CONTACT).sends_while_silenced == 1


def test_a_refused_send_is_counted_but_not_received() -> None:
    provider = make_simulator(FaultSettings(next=(Fault.TOO_MANY,)))
    send(provider, "a", 1.0)

    recipient = provider.recipient(CONTACT)
    assert (recipient.received, recipient.sends, recipient.had_fault) == ([], 1, True)
