"""Spanish answers that are complete in themselves."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import ShortAnswers, phrases

_TELL = r"(?:decir|dar|contestar|responder|compartir|revelar)\w*"

SHORT_ANSWERS: Final = ShortAnswers(
    yes=phrases(
        "lo soy, lo somos, lo tengo, la tengo, tengo, tenemos, tengo uno, tengo una, lo es, lo hay, "
        "estaría bien, estaría genial, no estaría mal, no está mal, me vendría bien, nos vendría bien, "
        "obviamente, ya lo creo, sería genial, sería estupendo, sería perfecto"
    ),
    no=phrases(
        "no lo soy, no lo somos, no lo tengo, no la tengo, no tengo, no tenemos, no lo es, no tengo ninguno, "
        "no tengo ninguna, ninguno, ninguna, qué va, más bien no, la verdad es que no, no hace "
        "falta, no mucho, "
        "tampoco, nada, eso es todo, nada más"
    ),
    amounts={"ninguno": 0, "ninguna": 0, "nadie": 0, "un par": 2, "un par de": 2, "una docena": 12},
    tags=phrases("no, verdad, vale, sí, cierto, ok"),
    untold_patterns=(
        rf"\bprefiero no {_TELL}",
        rf"\bno (?:lo |la |te lo |se lo |os lo |le |te |se |os )?(?:quiero|queremos|voy "
        rf"a|pienso|vamos a) {_TELL}",
        r"\bno (?:te|se|os) lo (?:digo|doy)\b",
        r"\bno es asunto (?:tuyo|suyo|vuestro)\b|\beso es privado\b|\bes privado\b",
    ),
    skip_patterns=(r"^\W*(?:saltar|omitir|saltalo|omitelo)\W*$",),
)
