"""The storm's ear at the provider notices what one holder of a session never does."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlencode

from channels._kit.simulator import Fault, FaultSettings, SimulatorRequest
from gateway.storm.provider import StormSimulator

ACCOUNT, TOKEN, OURS, PERSON = "AC" + "0" * 31 + "1", "0" * 32, "+15550100", "+15550170"


def make_simulator(faults: FaultSettings | None = None) -> StormSimulator:
    made = StormSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url="http://127.0.0.1:1/x", seed=1, ours=OURS
    )
    made.set_faults(faults or FaultSettings(answer_delay=0.05))
    return made


def send(to: StormSimulator, text: str, now: float) -> None:
    basic = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    body = urlencode({"From": OURS, "To": PERSON, "Body": text}).encode()
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    to.handle(SimulatorRequest("POST", url, {"authorization": f"Basic {basic}"}, body), now)


def test_sends_one_after_the_other_are_heard_in_order() -> None:
    provider = make_simulator()
    send(provider, "a", 1.0)
    send(provider, "b", 1.1)

    ear = provider.recipient(PERSON)
    assert (ear.received, ear.sends, ear.overlaps, ear.sends_while_silenced) == (["a", "b"], 2, 0, 0)


def test_a_send_while_another_is_under_way_is_noticed() -> None:
    provider = make_simulator()
    send(provider, "a", 1.0)
    send(provider, "b", 1.01)

    assert provider.recipient(PERSON).overlaps == 1


def test_a_send_after_the_bot_lost_its_voice_is_noticed() -> None:
    provider = make_simulator()
    provider.recipient(PERSON).is_silenced = True
    send(provider, "a", 1.0)

    assert provider.recipient(PERSON).sends_while_silenced == 1


def test_a_refused_send_is_counted_and_not_heard() -> None:
    provider = make_simulator(FaultSettings(next=(Fault.TOO_MANY,)))
    send(provider, "a", 1.0)

    ear = provider.recipient(PERSON)
    assert (ear.received, ear.sends, ear.had_fault) == ([], 1, True)
