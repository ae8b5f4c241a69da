"""Quoted text is separated from the user's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.nlu import Transcript, is_newest, may_quote, remove_quotations

QUESTION = "Shall I cancel your order?"
SAID = Transcript(
    bot=("Hello!", QUESTION), user=("hi",), offered=("Cancel the order", "Keep the order"), newest=1
)

TAPBACKS = {
    "Liked “{}”": "👍",
    "Loved “{}”": "❤️",
    "Disliked “{}”": "👎",
    "Laughed at “{}”": "😂",
    "Emphasized “{}”": "‼️",
    "Questioned “{}”": "❓",
    'Liked "{}"': "👍",
    "Removed a like from “{}”": "",
    "Removed a heart from “{}”": "",
    "Removed a question mark from “{}”": "",
    "Removed an exclamation from “{}”": "",
    "Removed 😂 from “{}”": "",
    "Reacted 😂 to “{}”": "😂",
    "Reacted 👍🏽 to “{}”": "👍🏽",
    "\u200b👍\u200b to “\u200a{}\u200a”\u200a": "👍",
    'Reacted to "{}" with 👍': "👍",
    "Gefällt „{}“": "👍",
    "Gefällt mir „{}“": "👍",
    "Gefällt nicht „{}“": "👎",
    "Hat „{}“ mit „Gefällt mir“ markiert": "👍",
    "Liebt „{}“": "❤️",
    "Hat mit 😂 auf „{}“ reagiert": "😂",
    "Hat „Gefällt mir“ von „{}“ entfernt": "",
    "Le gustó “{}”": "👍",
    "No le gustó «{}»": "👎",
    "Le encantó «{}»": "❤️",
    "Le dio risa “{}”": "😂",
    "Reaccionó con ❤️ a “{}”": "❤️",
    "Quitó un “Me gusta” de “{}”": "",
    "Liked « {} »": "👍",
    "A aimé « {} »": "👍",
    "A adoré «\u00a0{}\u00a0»": "❤️",
    "N’a pas aimé « {} »": "👎",
    'N\'a pas aimé "{}"': "👎",
    "A ri de « {} »": "😂",
    "A mis l'accent sur « {} »": "‼️",
    "A posé une question sur « {} »": "❓",
    "S’est interrogé(e) sur « {} »": "❓",
    "a attribué la mention « Adore » à « {} »": "❤️",
    "a attribué la mention « Je n'aime pas » à « {} »": "👎",
    "A attribué la mention « 😂 » à « {} »": "😂",
    "A réagi avec 😂 à « {} »": "😂",
    "A réagi 😂 à « {} »": "😂",
    "A retiré un « J’aime » de « {} »": "",
    "A retiré la mention « Adore » de « {} »": "",
    "A retiré la réaction 😂 à « {} »": "",
    "Ha messo “Mi piace” a “{}”": "👍",
    "Ha messo un cuore a “{}”": "❤️",
    "Ha messo “Non mi piace” a “{}”": "👎",
    "Ha riso a “{}”": "😂",
    "Ha enfatizzato “{}”": "‼️",
    "Ha messo un punto interrogativo a “{}”": "❓",
    "Ha reagito con ❤️ a “{}”": "❤️",
    "Ha rimosso un “Mi piace” da “{}”": "",
    "Ha rimosso la reazione ❤️ da “{}”": "",
}


@pytest.mark.parametrize(("form", "emoji"), TAPBACKS.items())
def test_a_tapback_is_a_reaction_and_no_words(form: str, emoji: str) -> None:
    for quoted in (QUESTION, "Shall I cancel yo…", f"{QUESTION}\n\n1. Cancel the order\n2. Keep the order"):
        found = remove_quotations(form.format(quoted), SAID)

        assert (found.text, found.emoji, found.quoted) == ("", emoji, quoted)


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("Liked an image", "👍"),
        ("Loved a photo", "❤️"),
        ("Gefällt ein Foto", "👍"),
        ("Le encantó una foto", "❤️"),
        ("Removed a heart from an image", ""),
        ("Reacted 🎉 to a video", "🎉"),
        ("Reacted 👍 to your message", "👍"),
        ("Reacted 👍 to a message", "👍"),
        ("Hat mit 👍 auf deine Nachricht reagiert", "👍"),
        ("Reaccionó con 👍 a tu mensaje", "👍"),
        ("Liked your message", "👍"),
        ("A adoré une image", "❤️"),
        ("Ha messo un cuore a un'immagine", "❤️"),
        ("A réagi avec 👍 à votre message", "👍"),
        ("Ha reagito con 👍 al tuo messaggio", "👍"),
    ],
)
def test_a_tapback_to_a_picture_has_no_quotation(text: str, emoji: str) -> None:
    assert remove_quotations(text, SAID) == ("", emoji, "", False)


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("Liked “Shall I cancel y", "👍"),
        ("Liked “Shall I cancel y…", "👍"),
        ("Gefällt „Shall I cancel your order?", "👍"),
        ("Reacted 👍 to “Shall I cancel...", "👍"),
        (f"Liked {QUESTION}", "👍"),
        (f"Reacted with 👍 to: {QUESTION}", "👍"),
        (f"Reacted 👍 to: “{QUESTION}”", "👍"),
        (f"Reacted 👍 to your message: “{QUESTION}”", "👍"),
        (f"Reacted 👍 to your message: {QUESTION}", "👍"),
    ],
)
def test_a_tapback_whose_quotation_is_not_closed_or_not_marked_is_one(text: str, emoji: str) -> None:
    found = remove_quotations(text, SAID)

    assert (found.text, found.emoji) == ("", emoji)


def test_a_tapback_to_what_an_agent_wrote_is_one_too() -> None:
    assert remove_quotations("Liked “Talk to a person any time”", SAID).emoji == "👍"


@pytest.mark.parametrize(
    "text",
    [
        "I liked it",
        "J'aime bien",
        "J’aime « Le Monde »",
        "Liked “👍”",
        "Mi piace",
        "Loved it",
        "Liked “The Matrix”",
        "liked “the second one and the first”",
        "Reacted badly to it",
        "> 50",
        "Liked “The Matr",
        "Liked it, 1",
        "Cancel the order",
        "1. Cancel the order",
        "Cancel the order\nKeep the order for me",
        "“Cancel the order”",
        "please “cancel your order” now",
        "Shall I bring my passport?",
        "My parcel is missing.\nSent from Berlin on Monday\nTracking 123",
        "On Monday I wrote:",
        "two\nlines",
        "From: Berlin\nwith love",
        "From: Berlin\nTo: Paris",
        "2 tickets\nFrom: Berlin\nDate: 4 May",
        "Von: Berlin\nAn: Bonn\nAm: 4. Mai",
        "De: Sevilla\nPara: Madrid",
    ],
)
def test_a_persons_own_words_stay(text: str) -> None:
    assert remove_quotations(text, SAID) == (text, None, "", False)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"> {QUESTION}\n> 1. Cancel the order\n2", "2"),
        (f"2\n\n> {QUESTION}\n> 1. Cancel the order", "2"),
        (f"no\n\nOn Mon, 23 Nov 2026 at 10:00, Shop <shop@example.com> wrote:\n> {QUESTION}", "no"),
        (f"no\n\nOn Mon, 23 Nov 2026 at 10:00, Shop\n<shop@example.com> wrote:\n\n{QUESTION}", "no"),
        (f"Am 23.11.2026 um 10:00 schrieb Shop:\n> {QUESTION}\nnein", "nein"),
        (f"no\nEl lun, 23 nov 2026, Tienda escribió:\n> {QUESTION}", "no"),
        (f"no\n-----Original Message-----\nFrom: Shop\n{QUESTION}", "no"),
        (f"no\n\nFrom: Shop <shop@example.com>\nSent: Monday, 10:00\nTo: Ada\n\n{QUESTION}", "no"),
        (f"nein\n\nVon: Shop\nGesendet: Montag\n{QUESTION}", "nein"),
        (f"no\n\n##- Please type your reply above this line -##\n\n{QUESTION}", "no"),
        (f"##- Please type your reply above this line -##\n{QUESTION}\nno", "no"),
        (f"{QUESTION}\n1. Cancel the order\n2. Keep the order\n2", "2"),
        (f"> {QUESTION}\n\n1. Cancel the order\n2. Keep the order\n\n2", "2"),
        (
            f"keep\n\nLe lun. 23 nov., Shop a écrit :\n> {QUESTION}\n1. Cancel the order\n2. Keep the order",
            "keep",
        ),
        (f"no\n\nIl giorno lun 23 nov 2026 Shop ha scritto:\n{QUESTION}", "no"),
        (f"no\n\nEm seg., 23 de nov. de 2026, Shop escreveu:\n{QUESTION}", "no"),
        (f"no\n\nOp ma 23 nov. 2026 om 10:00 schreef Shop:\n{QUESTION}", "no"),
        (f"no\n\nFrom: Shop\nTo: Ada\nSubject: Your order\n\n{QUESTION}", "no"),
        (f"no\n\nDe : Shop\nEnvoyé : lundi\n\n{QUESTION}", "no"),
        (f"{QUESTION} 2", "2"),
        (f"“{QUESTION}” no, keep it", "no, keep it"),
        ("Понравилось «Shall I cancel yo…»", "Понравилось"),
        ("Gostou de « Shall I cancel your order? »", "Gostou de"),
        ("2\n\nSent from my iPhone", "2"),
        ("2\n\n-- \nAda Lovelace\nAnalytical Engines", "2"),
        ("2\n\nVon meinem iPhone gesendet", "2"),
        ("2\n\nEnvoyé de mon iPhone", "2"),
        ("2\n\nInviato da iPhone", "2"),
        ("2\n\nEnviado do meu iPhone", "2"),
        ("2\n\nVerstuurd vanaf mijn iPhone", "2"),
        (f"Liked “{QUESTION}”\n2", "2"),
    ],
)
def test_what_remains_beside_a_quotation_is_the_text(text: str, own: str) -> None:
    found = remove_quotations(text, SAID)

    assert (found.text, found.is_quotation) == (own, False)


@pytest.mark.parametrize(
    "text",
    [
        QUESTION,
        f"> {QUESTION}",
        f"{QUESTION}\n\n1. Cancel the order\n2. Keep the order",
        f"*{QUESTION}*\n1. Cancel the order",
        f"> {QUESTION}\n\n1. Cancel the order\n2. Keep the order",
        f"» {QUESTION}\n» \n» 1. Cancel the order\n» 2. Keep the order",
        "1. Cancel the order\n2. Keep the order",
        "-----Original Message-----",
    ],
)
def test_a_message_that_only_quotes_has_no_words(text: str) -> None:
    assert remove_quotations(text, SAID) == ("", None, "", True)


def test_an_example_of_what_to_write_is_not_a_quotation_when_it_is_written() -> None:
    said = Transcript(bot=("Ask me something, such as “Where is my order?”",), newest=1)

    assert remove_quotations("Where is my order? Thanks", said).text == "Where is my order? Thanks"


def test_the_question_that_ends_a_message_may_be_copied_alone() -> None:
    said = Transcript(bot=(f"Hello Ada! Thank you for writing. {QUESTION}",), newest=1)

    assert remove_quotations(f"{QUESTION} no", said).text == "no"
    assert remove_quotations(QUESTION, said).text == QUESTION


def test_a_quotation_is_of_the_newest_message_or_of_an_older_one() -> None:
    assert is_newest("Shall I cancel yo…", SAID)
    assert is_newest(f"{QUESTION} 1. Cancel the order", SAID)
    assert not is_newest("Hello!", SAID)


MARKS = st.sampled_from(
    [
        "> {}",
        "Liked “{}”",
        "Disliked „{}“",
        'Reacted to "{}" with 👍',
        "On Monday, Shop wrote:\n> {}",
        "{}",
        "“{}”",
        "*{}*",
    ]
)
WORDS = st.sampled_from(["cancel", "keep", "yes", "no", "the", "order", "person", "1", "help", "now"])


@given(
    message=st.lists(WORDS, min_size=4, max_size=12).map(" ".join),
    mark=MARKS,
    own=st.sampled_from(["", "blue", "blue horse"]),
    is_above=st.booleans(),
)
def test_no_word_of_a_quoted_message_remains(message: str, mark: str, own: str, is_above: bool) -> None:
    quotation = mark.format(message)
    text = f"{own}\n\n{quotation}" if is_above else f"{quotation}\n{own}"

    found = remove_quotations(text, Transcript(bot=(message,), newest=1))

    assert found.text == own


@given(st.text(alphabet='aA>“”"\n -.?1Likedto👍', max_size=300))
def test_any_text_is_read(text: str) -> None:
    remove_quotations(text, SAID)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    *QUESTION.split(),
                    *(
                        "Liked",
                        "Reacted",
                        "👍",
                        "to",
                        "an",
                        "image",
                        "don't",
                        "“a",
                        "b”",
                        "> c",
                        "--",
                        "...",
                        "\n",
                    ),
                    *(
                        "1.",
                        "2.",
                        "Please type your reply above this line",
                        "🎉",
                        "\u200b",
                        "…",
                        "'x'",
                        "Bild",
                    ),
                ]
            ),
            st.text(max_size=8),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_what_can_have_no_quotation_has_none(words: list[str], as_it_was: bool) -> None:
    text = f"{QUESTION} {' '.join(words)}" if as_it_was else " ".join(words)
    if not may_quote(text, reversed(SAID.bot), offers_choices=len(SAID.offered) > 1):
        assert remove_quotations(text, SAID) == (text, None, "", False)
