"""The library's flows with a language model behind them, scripted or over the wire."""

from __future__ import annotations

from flows.authoring.script import Script, Written
from flows.authoring.written import WrittenFetch
from flows.document import Flow
from flows.machine import DialogMachine
from flows.models.openai import OpenAIModel
from flows.models.port import Decision
from flows.models.scripted import ScriptedModel
from tests.flows.openai_server import OpenAIServer, call
from tests.flows.talk import LIBRARY, TODAY, say


async def test_an_appointment_is_booked_with_a_model() -> None:
    script = ScriptedModel(
        [
            Decision(edge="day_given", slots={"day": "2026-11-27", "time": "09:30"}),
            Decision(edge="phone_given", slots={"phone": "+1 212 555 0147"}),
            Decision(edge="time_was_wrong", slots={"time": "10:30"}),
        ]
    )
    fetch = WrittenFetch({"book": (Written(status=201, data={"reference": "HD-77"}),)})
    talk = DialogMachine(Flow.load(LIBRARY / "appointment.json"), script, fetch=fetch, today=lambda: TODAY)
    answer = await say(talk, "hi", "Friday half past nine", "212 555 0147", "rather half past ten", "yes!")
    assert answer.text == "Done! We expect you on 27 November 2026 at 10:30. Your reference is HD-77."
    assert (answer.outcome, answer.tools) == ("final", ("book",))
    script.assert_complete()


async def test_an_order_is_looked_up_with_a_model_over_the_wire() -> None:
    async with OpenAIServer().running() as server:
        server.answers = [call("order_number_given", {"order_number": "HL-123456"}), call("that_is_all")]
        model = OpenAIModel("small", api_key="k", base_url=server.url)
        fetch = WrittenFetch({"look_up": (Written(data={"status": "packing"}),)})
        talk = DialogMachine(Flow.load(LIBRARY / "order_status.json"), model, fetch=fetch)
        assert "is being packed" in (await say(talk, "hi", "it's HL 123456 I think")).text
        assert "order" in server.requests[0]["messages"][0]["content"]
        assert (await talk.turn("great, that is it")).outcome == "final"
        assert '"packing"' in server.requests[1]["messages"][0]["content"]
        await talk.aclose()


def test_every_conversation_of_the_library_is_of_one_day() -> None:
    for path in LIBRARY.glob("*.test.yaml"):
        assert Script.load(path).today == TODAY
