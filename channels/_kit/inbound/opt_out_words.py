"""Words with which people ask to get no more messages, or to get them again, by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channels._kit.inbound.further_opt_out_words import FURTHER_WORDS
from channels._kit.inbound.opt_out_language import OptOutWords

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
                "never contact me",
                "never text me",
                "never message me",
                "unsub",
            ),
            short=(
                "stop",
                "stop messages",
                "stop messaging",
                "stop texting",
                "stop texts",
                "revoke",
                "remove me",
            ),
            resume=("start", "unstop", "yes", "subscribe", "opt in", "resume"),
            marketing=(
                "stop promotions",
                "stop promo",
                "stop marketing",
                "stop offers",
                "stop ads",
                "no more offers",
                "no more ads",
            ),
            courtesies=(
                *("please", "pls", "plz", "now", "thanks", "thank you", "thx"),
                *("anymore", "any more", "again"),
            ),
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
                "je ne veux plus de messages",
                "ne plus me contacter",
                "ne me contactez plus",
            ),
            short=("arrêt", "arrêter", "stop sms"),
            resume=("oui", "débuter", "réabonner"),
            marketing=("plus de publicité", "plus de pub"),
            courtesies=("svp", "stp", "s'il vous plaît", "s'il te plaît", "merci"),
        ),
        "es": OptOutWords(
            explicit=(
                "darme de baja",
                "dar de baja",
                "quiero darme de baja",
                "desuscribir",
                "desuscribirme",
                "no más mensajes",
                "no quiero más mensajes",
                "no me escriban más",
            ),
            short=("baja", "parar", "alto", "pare", "cancelar suscripción", "anular suscripción"),
            resume=("sí", "empezar", "comenzar", "alta"),
            marketing=("no más publicidad", "no más ofertas"),
            courtesies=("por favor", "porfa", "gracias"),
        ),
        "de": OptOutWords(
            explicit=(
                "abmelden",
                "abbestellen",
                "austragen",
                "keine nachrichten mehr",
                "keine sms mehr",
                "ich möchte keine nachrichten mehr",
                "schreiben sie mir nicht mehr",
                "schreibt mir nicht mehr",
                "kontaktieren sie mich nicht mehr",
            ),
            short=("stopp",),
            resume=("ja", "anmelden"),
            marketing=(
                "keine werbung",
                "keine werbung mehr",
                "werbung stoppen",
                "keine angebote mehr",
            ),
            courtesies=("bitte", "danke", "vielen dank"),
        ),
        "pt": OptOutWords(
            explicit=(
                "descadastrar",
                "descadastre-me",
                "chega de mensagens",
                "não quero mais mensagens",
            ),
            short=("sair", "parar", "pare", "cancelar inscrição"),
            resume=("sim", "voltar"),
            courtesies=("obrigado", "obrigada"),
        ),
        "it": OptOutWords(
            explicit=(
                "cancellami",
                "disiscrivimi",
                "basta messaggi",
                "non voglio più messaggi",
            ),
            short=("basta", "annulla iscrizione"),
            resume=("sì",),
            courtesies=("per favore", "per piacere", "grazie"),
        ),
        "nl": OptOutWords(
            explicit=("afmelden", "uitschrijven", "geen berichten meer", "geen berichten meer sturen"),
            resume=("aanmelden",),
            courtesies=("alstublieft", "aub", "graag", "bedankt"),
        ),
        **FURTHER_WORDS,
    }
)
