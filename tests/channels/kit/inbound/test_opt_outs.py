"""Recognition of opt-outs and opt-ins: any spelling of the keywords, in whole messages only."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.inbound import OptOutRecognizer, OptOutWordSet, fold_keyword
from channels._kit.inbound.opt_out_words import WORDS_BY_LANGUAGE
from core.model import ConsentRequest

PHRASES = [phrase for words in WORDS_BY_LANGUAGE.values() for phrase in (*words.explicit, *words.short)]
FILLINGS = st.text(alphabet=" .,!?\"'“”„«»-–\u200b\u200e\u200f\u2060\ufeff\ufe0f\n\t()🛑", max_size=4)


def recognize(text: str, words: OptOutWordSet = "short") -> ConsentRequest | None:
    return OptOutRecognizer().recognize(text, words)


@given(st.sampled_from(PHRASES), FILLINGS, FILLINGS, st.sampled_from(["NFC", "NFD", "NFKC"]))
def test_spelling_makes_no_difference(phrase: str, before: str, after: str, form: str) -> None:
    for spelling in (phrase, phrase.upper(), phrase.title(), phrase.replace(" ", "-")):
        text = unicodedata.normalize(form, f"{before}{spelling}{after}")  # type: ignore[arg-type]
        assert recognize(text) is ConsentRequest.OPT_OUT


@given(st.text(max_size=300))
def test_folding_is_stable_and_any_text_can_be_asked_for(text: str) -> None:
    folded = fold_keyword(text)

    assert fold_keyword(folded) in (folded, "")
    recognize(text)


@pytest.mark.parametrize(
    "text",
    [
        "opt out",
        "Opt-out",
        "OPTOUT",
        "Stop.",
        "stop!",
        "“STOP”",
        "STOP\u200b",
        "ARRET",
        "ARRÊT",
        "Stopp",
        "BAJA",
        "СТОП",
        "Отпишите меня, пожалуйста",
        "Відписатися.",
        "στοπ!",
        "إيقاف",
        "ايقاف من فضلك",
        "הסר",
        "退订",
        "請停止",
        "配信停止、お願いします",
        "수신 거부",
        "बंद करो",
        "HUY DANG KY",
        "ABONELİKTEN ÇIK",
        "Abonelikten çık lütfen",
    ],
)
def test_reported_spellings_opt_out(text: str) -> None:
    assert recognize(text) is ConsentRequest.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "STOP 12345",
        "stop the order",
        "don't stop",
        "starting",
        "",
        "…",
        "> STOP",
        "stop\nthe order",
        "x" * 500,
        *("cancel", "end", "quit", "Liked “STOP”"),
        *("стоп заказ", "так", "tak", "ya", "はい", "네", "कृपया", "请", "रुको", "dừng", "đúng", "TD"),
    ],
)
def test_other_messages_are_none(text: str) -> None:
    assert recognize(text) is None


COURTESIES = [phrase for words in WORDS_BY_LANGUAGE.values() for phrase in words.courtesies]


@given(
    st.sampled_from(PHRASES),
    st.lists(st.sampled_from(COURTESIES), max_size=2),
    st.sampled_from([*COURTESIES, ""]),
)
def test_courtesies_of_any_language_make_no_difference(phrase: str, before: list[str], after: str) -> None:
    assert recognize(" ".join([*before, phrase, after])) is ConsentRequest.OPT_OUT


def test_a_word_that_begins_like_a_courtesy_is_recognized_with_one() -> None:
    for text in ("Take me off your list please", "take me off this list, thank you"):
        assert recognize(text, "explicit") is ConsentRequest.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        *("Cancelar suscripción", "Cancelar inscrição", "Annulla iscrizione", "Avsluta prenumeration"),
        *("Avslutt abonnement", "Rezygnuję z subskrypcji", "Отписка", "Κατάργηση εγγραφής", "取消订阅"),
        *("إلغاء الاشتراك", "إيقاف الرسائل", "הסירו אותי", "सदस्यता समाप्त करें", "登録解除", "구독 취소"),
        *("Berhenti berlangganan", "Hủy đăng ký", "ยกเลิกการสมัคร"),
    ],
)
def test_what_also_ends_a_contract_or_a_registration_is_an_ordinary_wish_at_a_desk(text: str) -> None:
    assert recognize(text, "explicit") is None
    assert recognize(text, "short") is ConsentRequest.OPT_OUT


def test_cancelling_an_order_is_no_opt_out() -> None:
    assert recognize("Peruuta tilaus") is None


def test_a_bare_stop_is_an_ordinary_answer_where_only_explicit_words_count() -> None:
    assert recognize("stop", "explicit") is None
    assert recognize("Unsubscribe", "explicit") is ConsentRequest.OPT_OUT


def test_marketing_and_opt_in_have_words_of_their_own() -> None:
    for phrase in ("Stop promotions", "No more ads please", "keine Angebote mehr", "no más publicidad"):
        assert recognize(phrase, "explicit") is ConsentRequest.MARKETING_OPT_OUT
    assert recognize("YES!", "explicit") is ConsentRequest.OPT_IN
    assert recognize("start", "explicit") is ConsentRequest.OPT_IN


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP STOP STOP",
            "stop!!! stop!!!",
            "Please stop",
            "stop pls",
            "STOP, thank you",
            "Bitte stopp, danke",
        ),
        *("ＳＴＯＰ", "ⓢⓣⓞⓟ", "𝐒𝐓𝐎𝐏", "S T O P", "🛑 STOP 🛑", "Stop texting", "arrêt svp", "baja por favor"),
        *(
            "dont text me anymore",
            "Never contact me again!",
            "Do not contact me any more",
            "remove me please",
        ),
        *("Schreiben Sie mir nicht mehr", "je ne veux plus de messages", "no quiero más mensajes, gracias"),
        f"stop{' ' * 300}",
    ],
)
def test_courtesies_repetitions_and_styles_make_no_difference(text: str) -> None:
    assert recognize(text) is ConsentRequest.OPT_OUT


@pytest.mark.parametrize(
    "text", ["please", "thanks", "jaja", "stop stopping", "please stop the order", "now"]
)
def test_courtesies_alone_and_other_repetitions_are_none(text: str) -> None:
    assert recognize(text) is None


def test_an_added_word_may_have_courtesies_and_repeat_itself() -> None:
    for word in ("please halt", "bye bye"):
        assert OptOutRecognizer([word]).recognize(word, "explicit") is ConsentRequest.OPT_OUT


def test_the_operator_adds_words() -> None:
    assert OptOutRecognizer(["lopeta tämä"]).recognize("Lopeta tama!", "explicit") is ConsentRequest.OPT_OUT


def test_no_phrase_has_two_meanings() -> None:
    for words in WORDS_BY_LANGUAGE.values():
        for phrase in (*words.resume, *words.marketing):
            assert recognize(phrase) in (ConsentRequest.OPT_IN, ConsentRequest.MARKETING_OPT_OUT)
