"""The library's flows with a language model behind them, scripted or over the wire."""

from __future__ import annotations

from flows.authoring.testing import ConversationTestFile
from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.llm.openai.model import OpenAIModel
from tests.flows.conversation import LIBRARY, TODAY, machine, say
from tests.flows.openai_server import OpenAIServer, build_call


async def test_an_appointment_is_booked_with_a_model() -> None:
    script = ScriptedModel(
        [
            TransitionDecision(edge_id="day_given", slots={"day": "2026-11-27", "time": "09:30"}),
            TransitionDecision(edge_id="phone_given", slots={"phone": "+1 212 555 0147"}),
            TransitionDecision(edge_id="time_was_wrong", slots={"time": "10:30"}),
        ]
    )
    fetch = StubFetch({"book": (StubResponse(status=201, data={"reference": "HD-77"}),)})
    dialog = DialogMachine(Flow.load(LIBRARY / "appointment.json"), script, fetch=fetch, today=lambda: TODAY)
    answer = await say(dialog, "hi", "Friday half past nine", "212 555 0147", "rather half past ten", "yes!")
    assert answer.text == "Done! We expect you on 27 November 2026 at 10:30. Your reference is HD-77."
    assert (answer.outcome, answer.tools) == ("final", ("book",))
    script.assert_complete()


async def test_an_order_is_looked_up_with_a_model_over_the_wire() -> None:
    async with OpenAIServer().running() as server:
        server.answers = [
            build_call("order_number_given", {"order_number": "HL-123456"}),
            build_call("that_is_all"),
        ]
        model = OpenAIModel("small", api_key="k", base_url=server.url)
        fetch = StubFetch({"look_up": (StubResponse(data={"status": "packing"}),)})
        dialog = DialogMachine(Flow.load(LIBRARY / "order_status.json"), model, fetch=fetch)
        assert "is being packed" in (await say(dialog, "hi", "it's HL 123456 I think")).text
        assert "order" in server.requests[0]["messages"][0]["content"]
        assert (await dialog.turn("great, that is it")).outcome == "final"
        assert '"packing"' in server.requests[1]["messages"][0]["content"]
        await dialog.aclose()


async def test_a_customer_is_verified_with_a_model() -> None:
    script = ScriptedModel(
        [
            TransitionDecision(edge_id="last_four_given", slots={"last_four": "43211"}),
            TransitionDecision(edge_id="last_four_given", slots={"last_four": 4321}),
            TransitionDecision(edge_id="date_of_birth_given", slots={"date_of_birth": "23 April 1890"}),
            TransitionDecision(edge_id="date_of_birth_given", slots={"date_of_birth": "1990-04-23"}),
            TransitionDecision(
                edge_id="last_four_was_wrong", slots={"last_four": "4329", "date_of_birth": "24 April 1990"}
            ),
        ]
    )
    dialog = machine(Flow.load(LIBRARY / "kyc.json"), script)
    assert "does not look like the last four digits" in (await say(dialog, "hi", "43211")).text
    assert (await dialog.turn("4321 of course")).node == "ask_date_of_birth"
    assert "23 April 1890 is too long ago." in (await dialog.turn("in 1890, on 23 April")).text
    assert (await dialog.turn("I mean 1990")).node == "confirm"
    check = await dialog.turn("no, it's 4329 and the day after")
    assert check.text == "The card ends in 4329 and you were born on 24 April 1990. Is that right?"
    assert (await dialog.turn("yes!")).node == "verified"
    script.assert_complete()


async def test_support_answers_and_hands_over_with_a_model() -> None:
    script = ScriptedModel(
        [
            TransitionDecision(edge_id="track_order", slots={"order_number": "HL-123456"}),
            TransitionDecision(edge_id="shipping"),
            TransitionDecision(reply="I am glad to hear that."),
            TransitionDecision(edge_id="talk_to_a_person"),
        ]
    )
    dialog = machine(Flow.load(LIBRARY / "support.json"), script)
    answer = await say(dialog, "hi", "any news of HL-123456?")
    assert (answer.node, "orders/123456" in answer.text) == ("anything_else", True)
    assert "four days" in (await dialog.turn("do you send to islands?")).messages[0].text
    assert (await dialog.turn("the last parcel was so well packed")).text == "I am glad to hear that."
    assert (await dialog.turn("but one cup has a crack")).outcome == "hand_off"
    script.assert_complete()


async def test_a_german_customer_is_verified_with_a_model_over_the_wire() -> None:
    async with OpenAIServer().running() as server:
        server.answers = [
            build_call("last_four_given", {"last_four": "4321"}),
            build_call("date_of_birth_given", {"date_of_birth": "3. März 1990"}),
        ]
        model = OpenAIModel("small", api_key="k", base_url=server.url)
        dialog = machine(Flow.load(LIBRARY / "kyc.json"), model)
        assert "wann sind Sie geboren" in (await say(dialog, "Guten Tag", "es ist die 4321")).text
        told = server.requests[0]["messages"][0]["content"]
        assert "Du prüfst per Textnachricht" in told
        assert "Write in the language “de”." in told
        check = await dialog.turn("am dritten März neunzig")
        assert check.text.startswith("Ich wiederhole: Die Karte endet auf 4321")
        assert "am 3. März 1990 geboren" in check.text
        assert [choice.label for choice in check.messages[-1].choices] == ["Ja", "Nein"]
        assert (await dialog.turn("Ja")).outcome == "final"
        await dialog.aclose()


def test_every_conversation_of_the_library_is_of_one_day() -> None:
    for path in LIBRARY.glob("*.test.yaml"):
        assert ConversationTestFile.load(path).today == TODAY
