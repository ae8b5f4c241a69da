"""The storm's ear at the provider notices what one holder of a session never does."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlencode

from channels._kit.simulator import Fault, Faults, TwinRequest
from gateway.storm.provider import StormTwin

ACCOUNT, TOKEN, OURS, PERSON = "AC" + "0" * 31 + "1", "0" * 32, "+15550100", "+15550170"


def twin(faults: Faults | None = None) -> StormTwin:
    made = StormTwin(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url="http://127.0.0.1:1/x", seed=1, ours=OURS
    )
    made.tell(faults or Faults(answer_delay=0.05))
    return made


def send(to: StormTwin, text: str, now: float) -> None:
    basic = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    body = urlencode({"From": OURS, "To": PERSON, "Body": text}).encode()
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    to.handle(TwinRequest("POST", url, {"authorization": f"Basic {basic}"}, body), now)


def test_sends_one_after_the_other_are_heard_in_order() -> None:
    provider = twin()
    send(provider, "a", 1.0)
    send(provider, "b", 1.1)

    ear = provider.ear(PERSON)
    assert (ear.heard, ear.sends, ear.overlaps, ear.unasked) == (["a", "b"], 2, 0, 0)


def test_a_send_while_another_is_under_way_is_noticed() -> None:
    provider = twin()
    send(provider, "a", 1.0)
    send(provider, "b", 1.01)

    assert provider.ear(PERSON).overlaps == 1


def test_a_send_after_the_bot_lost_its_voice_is_noticed() -> None:
    provider = twin()
    provider.ear(PERSON).silent = True
    send(provider, "a", 1.0)

    assert provider.ear(PERSON).unasked == 1


def test_a_refused_send_is_counted_and_not_heard() -> None:
    provider = twin(Faults(next=(Fault.TOO_MANY,)))
    send(provider, "a", 1.0)

    ear = provider.ear(PERSON)
    assert (ear.heard, ear.sends, ear.troubled) == ([], 1, True)
