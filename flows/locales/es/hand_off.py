"""Spanish words of a request for a person of the business."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.hand_off_words import HandOffWords

HAND_OFF: Final = HandOffWords(
    people=words(
        "persona humano humana agente representante operador operadora asesor asesora companero "
        "companera alguien "
        "encargado encargada jefe supervisor"
    ),
    people_phrases=phrases("atencion al cliente, servicio al cliente, persona real"),
    anybody=words("alguien"),
    contact_wishes=phrases(
        "hablarlo con, hablar con, hablar a, me atienda, me atiendan, nos atienda, me atiende, atenderme, "
        " comunicarme con, comuniqueme, comuniqueme con, paseme, pasame, "
        "conecteme, conectame, quiero un, "
        "quiero una, necesito un, necesito una, deme, dame, llameme"
    ),
    contact_verbs=phrases(
        "hablar con, hablo con, hable con, pasarme con, me pasas con, me pasa con, páseme con, pásame con, "
        "comunicarme con, ponerme con, ponme con"
    ),
    direct_wishes=phrases(
        "páseme con, pásame con, me pasas con, me pasa con, ponme con, póngame con, comuníqueme con, "
        "me pones con, me pone con"
    ),
    presence_patterns=(r"\bhay (?:alguien|una persona|algun humano) (?:real|ahi|humano|humana)\b",),
    help_wishes=phrases(
        "ayudarme, ayudarnos, ayude, mirarlo, mire, mirar, encargarse, atenderme, atendernos, "
        "resolverlo, revisarlo"
    ),
    callback_wishes=phrases(
        "llamarme, llamarnos, me llame, nos llame, me llamen, me puede llamar, me pueden llamar, "
        "me puede llamarme, me devuelva la llamada, devolverme la llamada, contactarme, me contacte"
    ),
    callback_leads=words("puede puedes podría podrías que pueden podrían quiero necesito favor"),
    errands=phrases(
        "antes tengo que, primero tengo que, todavía tengo que, aún tengo que, tengo que consultarlo, "
        "tengo que hablarlo, tenemos que hablarlo, antes quiero, antes hablo"
    ),
)
