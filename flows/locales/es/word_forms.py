"""Spanish endings of words."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.word_forms import WordForms

WORD_FORMS: Final = WordForms(
    endings=phrases(
        "a, e, o, as, es, os, s, an, en, ar, er, ir, amos, emos, imos, ado, ada, ados, adas, ido, ida, idos, "
        "idas, ando, iendo, aron, ieron, are, ire, ere, acion, aciones, cion, ciones, icion, iciones, arlo, "
        "arla, arlos, arlas, arme, erlo, erla, erlos, erlas, erme, irlo, irla, irlos, irlas, irme, aba"
    ),
    irregular={
        "roto": "romp", "rota": "romp", "rotos": "romp", "rotura": "romp", "devuelto": "devolv",
        "devolucion": "devolv", "devuelvo": "devolv", "devolver": "devolv", "perdi": "perd", "pierdo": "perd",
        "perdido": "perd", "perdida": "perd", "perder": "perd", "recojo": "recog", "recojan": "recog",
        "abierto": "abr", "muevo": "mov", "puesto": "pon", "cierro": "cerr", "cierre": "cerr",
    },
    inflections=words("s es a as o os"),
    object_endings=words("la lo las los le les me nos te os"),
)  # fmt: skip
