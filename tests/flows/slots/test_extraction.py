from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from flows.slots import SlotReading, extract_slot, slots_from_schema, validate_slot_value
from flows.text import normalize_digits
from tests.flows.conversation import TODAY, Json


def extract(schema: Json, text: str) -> SlotReading:
    (slot,) = slots_from_schema({"type": "object", "properties": {"it": schema}, "required": ["it"]})
    return extract_slot(slot, text, TODAY)


def validate(schema: Json, value: JsonValue) -> SlotReading:
    (slot,) = slots_from_schema({"type": "object", "properties": {"it": schema}})
    return validate_slot_value(slot, value, TODAY)


FOUR: Json = {"type": "string", "pattern": "^[0-9]{4}$", "description": "the last four digits"}
BIRTH: Json = {"type": "string", "format": "date", "x-past": True}
TOPPINGS: Json = {
    "type": "array",
    "items": {"enum": ["ham", "cheese", "salt and pepper"]},
    "minItems": 1,
    "maxItems": 3,
    "description": "your toppings",
}
CORPORATE: Json = {"format": "email", "pattern": "@corp\\.example$", "description": "your address"}
ORDER: Json = {"type": "string", "pattern": "^HL-[0-9]{6}$", "description": "your order number"}


@pytest.mark.parametrize(
    "text",
    [
        "4321",
        " 4321. ",
        "it's 4321",
        "it ends in 4321!",
        "43 21",
        "4-3-2-1",
        "no, 4321, not 1234",
        "1234, sorry, 4321",
        "4321 and I was born on 23 April 1990",
        "(4321)",
        "４３２１",
        "٤٣٢١",
    ],
)
def test_digits_are_found_in_a_sentence(text: str) -> None:
    assert extract(FOUR, text).value == "4321"


def test_two_answers_are_asked_about() -> None:
    assert extract(FOUR, "1234 or 4321").error_message == "I see 1234 and 4321. Which one is it?"


@pytest.mark.parametrize("text", ["43211", "432", "4000 1234 5678 9010", "12/3", "1234567890123456"])
def test_no_part_of_another_number_is_taken(text: str) -> None:
    reading = extract(FOUR, text)
    assert reading.value is None
    assert reading.error_message == "That does not look like the last four digits."


@pytest.mark.parametrize(
    "text", ["", "hello", "my birthday is 23 April 1990", "I have had it for 2 or more years"]
)
def test_without_a_number_there_is_nothing_to_complain_of(text: str) -> None:
    assert extract(FOUR, text) == SlotReading()


@pytest.mark.parametrize(
    "text", ["HL-123456", "hl-123456", "HL 123456", "it is HL123456?", "order hl 123456 please"]
)
def test_a_code_is_read_in_lower_case_and_with_a_gap(text: str) -> None:
    assert extract({**ORDER, "pattern": "^HL-?[0-9]{6}$"}, text).value in ("HL-123456", "HL123456")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("04/05/1990", "04/05/1990 could be 5 April 1990 or 4 May 1990. Please write the month as a word."),
        ("31 June 1990", "There is no such day as 31 June 1990."),
        ("1 January 2030", "That date has not come yet."),
        ("1 May 1990 or 2 May 1990", "I see 1 May 1990 and 2 May 1990. Which one is it?"),
        ("April 1990", "Please write the day, the month and the year."),
        ("born in 1990", "Please write the day, the month and the year."),
        ("april 23", "Please write the day, the month and the year."),
        ("23 April 1890", "23 April 1890 is too long ago."),
    ],
)
def test_a_birth_date_that_cannot_be_is_asked_again_with_the_reason(text: str, reason: str) -> None:
    assert extract(BIRTH, text).error_message == reason


def test_a_date_to_come_may_not_have_passed() -> None:
    assert (
        extract({"format": "date", "x-future": True}, "1 May 2020").error_message
        == "That date has already passed."
    )


@pytest.mark.parametrize(
    ("schema", "text", "reason"),
    [
        ({"type": "integer"}, "2-3", "I see 2 and 3. Which one is it?"),
        ({"type": "number"}, "1.000", "I see 1 and 1000. Which one is it?"),
        ({"type": "integer"}, "2.5", "Please write a whole number."),
        ({"type": "integer", "description": "how many"}, "1" * 30, "That does not look like how many."),
    ],
)
def test_a_number_that_is_in_doubt_is_asked_again_with_the_reason(
    schema: Json, text: str, reason: str
) -> None:
    assert extract(schema, text).error_message == reason


@pytest.mark.parametrize(
    ("schema", "text", "reason"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 10}, "500", "It is 10 at most."),
        ({"type": "integer", "minimum": 1, "maximum": 10}, "zero", "It is at least 1."),
        ({"type": "number", "exclusiveMinimum": 0}, "-4", "It is more than 0."),
        ({"type": "number", "exclusiveMaximum": 1}, "1", "It is less than 1."),
        (
            {"type": "number", "multipleOf": 0.5, "description": "hours"},
            "1.2",
            "That does not look like hours.",
        ),
        ({"type": "string", "minLength": 3}, "a", "That is too short: at least 3 letters, please."),
        ({"type": "string", "maxLength": 5}, "a" * 100, "That is too long: 5 letters at most, please."),
        (TOPPINGS, "ham, ham, ham and cheese", "No more than 3 of them, please."),
        (TOPPINGS, "ham and stones", "That does not look like your toppings."),
        (CORPORATE, "it is ada@elsewhere.example", "That does not look like your address."),
    ],
)
def test_what_is_beyond_its_schema_is_asked_again_with_the_reason(
    schema: Json, text: str, reason: str
) -> None:
    assert extract(schema, text) == SlotReading(error_message=reason, weight=1)
    assert validate(schema, text).error_message == reason


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (TOPPINGS, "ham and cheese", ["ham", "cheese"]),
        (TOPPINGS, "HAM", ["ham"]),
        (TOPPINGS, "salt and pepper", ["salt and pepper"]),
        ({"type": "array", "items": {"type": "integer"}}, "1, 2 und 3", [1, 2, 3]),
        ({"type": "array", "items": {"type": "string"}}, "mushrooms & ham", ["mushrooms", "ham"]),
        (
            {"type": "array", "items": {"format": "date", "x-future": True}},
            "friday and 4 May",
            ["2026-11-27", "2027-05-04"],
        ),
    ],
)
def test_a_list_is_read_part_by_part(schema: Json, text: str, value: JsonValue) -> None:
    assert extract(schema, text).value == value


@pytest.mark.parametrize("text", ["hello", "I don't know", "what do you have?"])
def test_a_list_without_any_value_is_empty(text: str) -> None:
    assert extract(TOPPINGS, text) == SlotReading()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("o'brien@x.ie", "o'brien@x.ie"),
        ("O’Brien@x.ie please", "O'Brien@x.ie"),
        ("'ada@x.example'", "ada@x.example"),
        ("mailto:ada@x.example.", "ada@x.example"),
        ("<ada.byron+x@mail.x.example>,", "ada.byron+x@mail.x.example"),
        ("müller@exämple.de", "müller@exämple.de"),
    ],
)
def test_an_address_is_read_whole(text: str, address: str) -> None:
    assert extract({"format": "email"}, text).value == address


@pytest.mark.parametrize(
    "text", ["a@b", "a@b.c", "a@x..com", "..@x.com", "a..b@x.com", "a@-x.com", "a@x.c0m", "a@b.co@c.com"]
)
def test_no_part_of_an_invalid_address_is_used(text: str) -> None:
    assert extract({"format": "email"}, text) == SlotReading()


def test_a_denied_date_is_left_out() -> None:
    assert extract(BIRTH, "23 April 1990, not 24 April 1990").value == "1990-04-23"


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (
            {"format": "email"},
            "write to Ada.Byron+x@mail.example.org, thanks",
            "Ada.Byron+x@mail.example.org",
        ),
        ({"format": "phone"}, "call +1 (555) 010-0123 please", "+15550100123"),
        ({"format": "phone"}, "555 0100 123", "5550100123"),
        ({"format": "time"}, "half past? no: 2:30 pm", "14:30"),
        ({"type": "integer"}, "we are four", 4),
        ({"type": "integer"}, "12 people", 12),
        ({"type": "number"}, "1,5 litres", 1.5),
        ({"type": "boolean"}, "yes of course", True),
        ({"type": "boolean"}, "nope", False),
        ({"type": "boolean"}, "no problem", True),
        ({"type": "boolean"}, "stimmt nicht", False),
        ({"enum": ["small", "large"]}, "large please", "large"),
        ({"enum": ["small", "large"]}, "lrage", "large"),
        ({"enum": [1, 2]}, "2", 2),
        ({"enum": [2, 4, 6]}, "two", 2),
        ({"enum": [2, 4, 6]}, "we are 4 people", 4),
        ({"enum": ["2", "4", "6"]}, "six please", "6"),
        ({"type": "integer"}, "three hundred", 300),
        ({"type": "integer"}, "1,000", 1_000),
        ({"type": "string"}, " the kettle hums ", "the kettle hums"),
    ],
)
def test_a_value_is_read_by_its_type(schema: Json, text: str, value: JsonValue) -> None:
    assert extract(schema, text).value == value


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"format": "email"}, "ada at example"),
        ({"format": "phone"}, "123"),
        ({"type": "integer"}, "a few"),
        ({"type": "integer"}, "on 23 April 1990"),
        ({"type": "boolean"}, "yes and no"),
        ({"type": "boolean"}, "I'm not sure"),
        ({"enum": ["small", "large"]}, "huge"),
        ({"enum": ["small", "large"]}, "1"),
        ({"enum": ["small", "large"]}, "the second one"),
        ({"enum": [2, 4, 6]}, "3"),
        ({"enum": [2, 4, 6]}, "1"),
        ({"type": "object"}, "{}"),
    ],
)
def test_what_is_not_there_is_not_read(schema: Json, text: str) -> None:
    assert extract(schema, text).value is None


@pytest.mark.parametrize(
    ("schema", "value", "kept"),
    [
        (FOUR, "4321", "4321"),
        (FOUR, 4321, "4321"),
        (BIRTH, "23/04/1990", "1990-04-23"),
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, 3, 3),
        ({"type": "integer"}, 3.0, 3),
        ({"type": "number"}, "1,000", 1_000),
        ({"enum": [2, 4, 6]}, 2.0, 2),
        ({"enum": ["2", "4", "6"]}, 4, "4"),
        ({"enum": [True, "later"]}, True, True),
        ({"type": "number"}, 2.5, 2.5),
        ({"type": "boolean"}, False, False),
        ({"type": "array"}, ["a", 1], ["a", 1]),
        ({"type": "array"}, "ham, cheese and olives", ["ham", "cheese", "olives"]),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2.0], [1, 2]),
        ({"type": "array", "items": {"type": "integer"}}, 3, [3]),
        (TOPPINGS, "Ham", ["ham"]),
        (TOPPINGS, ["HAM", "cheese"], ["ham", "cheese"]),
        (CORPORATE, "ada@corp.example", "ada@corp.example"),
        ({"type": "object"}, {"a": 1}, {"a": 1}),
        ({"enum": ["Gold", "Silver"]}, "gold", "Gold"),
        ({"type": "string"}, "x" * 900, "x" * 500),
    ],
)
def test_what_a_model_extracted_is_kept_when_it_fits(schema: Json, value: JsonValue, kept: JsonValue) -> None:
    assert validate(schema, value).value == kept


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (FOUR, "43211"),
        (FOUR, True),
        (FOUR, ["4321"]),
        (BIRTH, "yesterday"),
        (BIRTH, "2030-01-01"),
        ({"type": "integer"}, "many"),
        ({"type": "integer"}, 2.5),
        ({"type": "integer"}, 1e20),
        ({"type": "number"}, 10**4_200),
        ({"type": "number"}, float("nan")),
        ({"type": "number"}, float("inf")),
        ({"enum": [2, 4, 6]}, 3),
        ({"enum": [1, 2]}, True),
        ({"enum": ["2", "4", "6"]}, "3"),
        ({"type": "array"}, ["x" * 400] * 3),
        (TOPPINGS, ["ham", "stones"]),
        (TOPPINGS, []),
        ({"type": "object", "properties": {"q": {"type": "integer"}}, "required": ["q"]}, {"z": 1}),
        ({"type": "object"}, "a"),
        (CORPORATE, "ada@elsewhere.example"),
        ({"enum": ["Gold"]}, "Bronze"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(schema: Json, value: JsonValue) -> None:
    reading = validate(schema, value)
    assert reading.value is None
    assert reading.error_message


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_value_is_as_good_as_none(value: JsonValue) -> None:
    assert validate(FOUR, value) == SlotReading()


KINDS: list[Json] = [
    FOUR, ORDER, BIRTH, {"format": "time"}, {"format": "email"}, {"format": "phone"}, {"enum": ["a", "b"]},
    {"type": "boolean"}, {"type": "integer"}, {"type": "number"}, {"type": "string"},
]  # fmt: skip


@given(st.sampled_from(KINDS), st.text(max_size=300))
def test_any_text_can_be_read_for_any_slot(schema: Json, text: str) -> None:
    reading = extract(schema, text)
    assert reading.value is None or not reading.error_message


_PIECES = "4321 1990 43 21 - + 1 555 0100 123 a@b.example o'brien@x.ie HL-123456 not , 23 April . 3.5"
_TEXTS = st.lists(st.sampled_from(_PIECES.split()), max_size=8).map(" ".join)


@given(
    st.sampled_from([FOUR, ORDER, {"format": "email"}, {"format": "phone"}]), _TEXTS | st.text(max_size=100)
)
def test_no_value_is_read_that_is_not_in_the_text(schema: Json, text: str) -> None:
    value = extract(schema, text).value
    written = "".join(
        letter for letter in normalize_digits(text).upper().replace("’", "'") if letter not in " -()./"
    )
    assert value is None or str(value).upper().replace("-", "").replace(".", "").removeprefix("+") in written


def test_a_very_long_text_is_read_only_in_part() -> None:
    assert extract(FOUR, "word " * 100_000 + "4321").value is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "large instead of small"),
        ("en", "instead of small, large please"),
        ("en", "rather than the small one I want the large one"),
        ("de", "groß statt klein"),
        ("de", "bitte groß anstelle von klein"),
        ("es", "grande en vez de pequeño"),
        ("es", "en lugar del pequeño, el grande"),
    ],
)
def test_what_is_to_be_replaced_is_not_a_value(language: str, text: str) -> None:
    names = {"en": ("small", "large"), "de": ("klein", "groß"), "es": ("pequeño", "grande")}[language]
    schema: Json = {"type": "object", "properties": {"it": {"enum": list(names)}}}
    (slot,) = slots_from_schema(schema, language)
    assert extract_slot(slot, text, TODAY).value == names[1]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "not yet"),
        ("en", "no, not yet"),
        ("en", "I haven't yet"),
        ("de", "noch nicht"),
        ("de", "nein, bisher nicht"),
        ("es", "todavía no"),
        ("es", "aun no"),
        ("es", "no, todavía no"),
    ],
)
def test_not_yet_is_a_no_to_what_may_have_happened(language: str, text: str) -> None:
    (slot,) = slots_from_schema({"type": "object", "properties": {"it": {"type": "boolean"}}}, language)
    assert extract_slot(slot, text, TODAY).value is False
