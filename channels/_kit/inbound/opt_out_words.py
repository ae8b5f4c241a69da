"""Words with which people ask to get no more messages, or to get them again, by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class OptOutWords(NamedTuple):
    """The words of one language; each is a whole message.

    `explicit` words have no other meaning and count on every channel. `short` words may be an ordinary answer
    in a chat window or in an e-mail; they count only where contacts are used to them. `resume` words count
    only while the contact is opted out. `marketing` words refuse only offers.
    """

    explicit: tuple[str, ...]
    short: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    marketing: tuple[str, ...] = ()


WORDS_BY_LANGUAGE: Final[Mapping[str, OptOutWords]] = MappingProxyType(
    {
        "en": OptOutWords(
            explicit=(
                "stopall",
                "stop all",
                "unsubscribe",
                "unsubscribe me",
                "please unsubscribe",
                "please unsubscribe me",
                "opt out",
                "opt me out",
                "remove me from your list",
                "stop messaging me",
                "stop texting me",
                "stop sending me messages",
                "do not contact me",
                "don't text me",
            ),
            short=("stop", "stop please", "please stop", "stop messages", "revoke"),
            resume=("start", "unstop", "yes", "subscribe", "opt in", "resume"),
            marketing=("stop promotions", "stop promo", "stop marketing", "stop offers", "no more offers"),
        ),
        "fr": OptOutWords(
            explicit=("désabonner", "désabonnement", "me désabonner", "désinscrire", "désinscription"),
            short=("arrêt", "arrêter", "stop svp"),
            resume=("oui", "débuter", "réabonner"),
        ),
        "es": OptOutWords(
            explicit=("darme de baja", "dar de baja", "cancelar suscripción", "anular suscripción"),
            short=("baja", "parar", "alto", "pare"),
            resume=("sí", "empezar", "comenzar", "alta"),
        ),
        "de": OptOutWords(
            explicit=("abmelden", "abbestellen", "austragen", "keine nachrichten mehr"),
            short=("stopp",),
            resume=("ja", "anmelden"),
            marketing=("keine werbung", "keine werbung mehr", "werbung stoppen"),
        ),
        "pt": OptOutWords(
            explicit=("descadastrar", "cancelar inscrição"),
            short=("sair", "parar", "pare"),
            resume=("sim", "voltar"),
        ),
        "it": OptOutWords(explicit=("cancellami", "disiscrivimi"), short=("basta",), resume=("sì",)),
        "nl": OptOutWords(explicit=("afmelden", "uitschrijven"), resume=("aanmelden",)),
    }
)
