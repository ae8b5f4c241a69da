"""Words with which people opt out, in languages of northern and eastern Europe, and of Asia.

A phrase that also ends a paid subscription, a registration or an application is `short`: a support desk takes
it for an ordinary wish. Recognition ignores accents and vowel signs, so words that differ only by these are
left out. A word for "yes" that is "thanks", "enough" or a mere nod elsewhere does not opt in.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channels._kit.inbound.opt_out_language import OptOutWords

_EUROPEAN: Final[Mapping[str, OptOutWords]] = {
    "sv": OptOutWords(
        explicit=("avregistrera", "avregistrera mig", "sluta skicka meddelanden"),
        short=("avsluta prenumeration",),
        courtesies=("tack", "snälla"),
    ),
    "da": OptOutWords(
        explicit=("afmeld", "afmeld mig", "frameld", "ikke flere beskeder"), courtesies=("tak", "venligst")
    ),
    "nb": OptOutWords(
        explicit=("avmeld", "meld meg av", "ikke flere meldinger"),
        short=("avslutt abonnement",),
        courtesies=("takk", "vær så snill"),
    ),
    "fi": OptOutWords(
        explicit=("peruuta uutiskirje", "poista minut listalta", "älkää lähettäkö viestejä"),
        short=("lopeta",),
        resume=("kyllä",),
        courtesies=("kiitos",),
    ),
    "pl": OptOutWords(
        explicit=("wypisz mnie", "chcę się wypisać", "nie piszcie do mnie"),
        short=("wypisz", "rezygnuję z subskrypcji"),
        courtesies=("proszę", "dziękuję", "dzięki"),
    ),
    "cs": OptOutWords(
        explicit=("odhlásit odběr", "odhlaste mě", "už mi nepište"),
        courtesies=("prosím", "děkuji"),
    ),
    "hu": OptOutWords(
        explicit=("leiratkozás", "leiratkozom", "le szeretnék iratkozni", "ne írjanak többet"),
        resume=("igen",),
        courtesies=("kérem", "köszönöm"),
    ),
    "ro": OptOutWords(
        explicit=("dezabonare", "dezabonează-mă", "nu mai vreau mesaje"),
        courtesies=("vă rog", "te rog", "mulțumesc"),
    ),
    "el": OptOutWords(
        explicit=("διαγραφή από τη λίστα", "μη μου στέλνετε μηνύματα"),
        short=("στοπ", "κατάργηση εγγραφής"),
        resume=("ναι",),
        courtesies=("παρακαλώ", "ευχαριστώ"),
    ),
    "ru": OptOutWords(
        explicit=(
            *("отписаться", "отпишите меня", "отказаться от рассылки"),
            *("не пишите мне", "больше не пишите", "не присылайте мне сообщения"),
        ),
        short=("стоп", "отписка"),
        resume=("да", "старт", "подписаться"),
        courtesies=("пожалуйста", "спасибо"),
    ),
    "uk": OptOutWords(
        explicit=("відписатися", "відпишіть мене", "не пишіть мені", "не надсилайте мені повідомлення"),
        resume=("підписатися",),
        courtesies=("будь ласка", "дякую"),
    ),
    "tr": OptOutWords(
        explicit=(
            *("abonelikten çık", "abonelikten cik", "mesaj göndermeyin", "mesaj istemiyorum"),
            *("artık mesaj atmayın", "artik mesaj atmayin"),
        ),
        short=("ret", "durdur"),
        resume=("evet",),
        courtesies=("lütfen", "teşekkürler"),
    ),
}

_ASIAN: Final[Mapping[str, OptOutWords]] = {
    "ar": OptOutWords(
        explicit=("لا تراسلني", "لا ترسل لي رسائل"),
        short=(
            *("إيقاف", "توقف", "قف", "ستوب", "أوقف الرسائل", "إيقاف الرسائل"),
            *("إلغاء الاشتراك", "ألغ اشتراكي"),
        ),
        resume=("نعم", "اشترك"),
        courtesies=("من فضلك", "لو سمحت", "شكرا"),
    ),
    "he": OptOutWords(
        explicit=("הסירו אותי מהרשימה", "תסירו אותי מהרשימה", "אל תשלחו לי הודעות"),
        short=("הסר", "הסרה", "הסירו אותי", "תסירו אותי"),
        resume=("כן",),
        courtesies=("בבקשה", "תודה"),
    ),
    "hi": OptOutWords(
        explicit=("मुझे संदेश न भेजें", "मैसेज मत भेजो"),
        short=("बंद करो", "बंद करें", "स्टॉप", "सदस्यता समाप्त करें"),
        courtesies=("कृपया", "धन्यवाद"),
    ),
    "zh": OptOutWords(
        explicit=("退订", "退訂", "不要再给我发消息", "不要再發訊息給我", "不要再发短信"),
        short=("停止", "取消订阅", "取消訂閱"),
        resume=("订阅", "訂閱"),
        courtesies=("谢谢", "謝謝", "请", "請"),
    ),
    "ja": OptOutWords(
        explicit=("配信停止", "メッセージを送らないで", "もう送らないでください"),
        short=("ストップ", "購読解除", "登録解除"),
        resume=("再開",),
        courtesies=("お願いします", "ありがとう"),
    ),
    "ko": OptOutWords(
        explicit=("수신거부", "문자 보내지 마세요", "메시지 보내지 마세요"),
        short=("중지", "그만", "구독 취소"),
        courtesies=("감사합니다", "부탁합니다"),
    ),
    "id": OptOutWords(
        explicit=("jangan kirim pesan lagi",),
        short=("berhenti", "berhenti berlangganan"),
        courtesies=("terima kasih", "tolong"),
    ),
    "vi": OptOutWords(
        explicit=("đừng nhắn tin nữa",),
        short=("hủy đăng ký", "huy dang ky"),
        courtesies=("cảm ơn", "làm ơn"),
    ),
    "th": OptOutWords(explicit=("หยุดส่งข้อความ",), short=("ยกเลิกการสมัคร",), courtesies=("ขอบคุณ",)),
}

FURTHER_WORDS: Final[Mapping[str, OptOutWords]] = MappingProxyType({**_EUROPEAN, **_ASIAN})
