"""Words with which people ask to get no more messages, or to get them again, by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class OptOutWords(NamedTuple):
    """The words of one language; each is a whole message.

    `explicit` words have no other meaning and count on every channel. `short` words may be an ordinary answer
    in a chat window or in an e-mail; they count only where contacts are used to them. `resume` words count
    only while the contact is opted out. `marketing` words refuse only offers. `courtesies` may stand before
    or after the words of any language that opt out.
    """

    explicit: tuple[str, ...]
    short: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    marketing: tuple[str, ...] = ()
    courtesies: tuple[str, ...] = ()


WORDS_BY_LANGUAGE: Final[Mapping[str, OptOutWords]] = MappingProxyType(
    {
        "en": OptOutWords(
            explicit=(
                "stopall",
                "stop all",
                "unsubscribe",
                "unsubscribe me",
                "i want to unsubscribe",
                "opt out",
                "opt me out",
                "i want to opt out",
                "remove me from your list",
                "remove me from this list",
                "take me off your list",
                "take me off this list",
                "stop messaging me",
                "stop texting me",
                "stop contacting me",
                "stop sending me messages",
                "stop sending me texts",
                "do not contact me",
                "don't contact me",
                "do not text me",
                "don't text me",
                "do not message me",
                "don't message me",
                "no more messages",
                "no more texts",
            ),
            short=("stop", "stop messages", "stop messaging", "stop texting", "stop texts", "revoke"),
            resume=("start", "unstop", "yes", "subscribe", "opt in", "resume"),
            marketing=("stop promotions", "stop promo", "stop marketing", "stop offers", "no more offers"),
            courtesies=("please", "pls", "plz", "now", "thanks", "thank you", "thx"),
        ),
        "fr": OptOutWords(
            explicit=(
                "désabonner",
                "désabonnement",
                "me désabonner",
                "se désabonner",
                "désinscrire",
                "me désinscrire",
                "désinscription",
                "ne plus recevoir de messages",
            ),
            short=("arrêt", "arrêter", "stop sms"),
            resume=("oui", "débuter", "réabonner"),
            courtesies=("svp", "stp", "s'il vous plaît", "s'il te plaît", "merci"),
        ),
        "es": OptOutWords(
            explicit=(
                "darme de baja",
                "dar de baja",
                "quiero darme de baja",
                "cancelar suscripción",
                "anular suscripción",
                "desuscribir",
                "desuscribirme",
                "no más mensajes",
            ),
            short=("baja", "parar", "alto", "pare"),
            resume=("sí", "empezar", "comenzar", "alta"),
            courtesies=("por favor", "porfa", "gracias"),
        ),
        "de": OptOutWords(
            explicit=("abmelden", "abbestellen", "austragen", "keine nachrichten mehr", "keine sms mehr"),
            short=("stopp",),
            resume=("ja", "anmelden"),
            marketing=("keine werbung", "keine werbung mehr", "werbung stoppen"),
            courtesies=("bitte", "danke", "vielen dank"),
        ),
        "pt": OptOutWords(
            explicit=("descadastrar", "descadastre-me", "cancelar inscrição", "chega de mensagens"),
            short=("sair", "parar", "pare"),
            resume=("sim", "voltar"),
            courtesies=("obrigado", "obrigada"),
        ),
        "it": OptOutWords(
            explicit=("cancellami", "disiscrivimi", "annulla iscrizione", "basta messaggi"),
            short=("basta",),
            resume=("sì",),
            courtesies=("per favore", "per piacere", "grazie"),
        ),
        "nl": OptOutWords(
            explicit=("afmelden", "uitschrijven", "geen berichten meer"),
            resume=("aanmelden",),
            courtesies=("alstublieft", "aub", "graag", "bedankt"),
        ),
    }
)
