"""Spanish answers that are complete in themselves."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases
from flows.locales.short_answers import ShortAnswers

_TELL = r"(?:decir|dar|contestar|responder|compartir|revelar)\w*"

SHORT_ANSWERS: Final = ShortAnswers(
    yes=phrases(
        "lo soy, lo somos, lo tengo, la tengo, tengo, tenemos, tengo uno, tengo una, lo es, lo hay, "
        "estaría bien, estaría genial, no estaría mal, no está mal, me vendría bien, nos vendría bien, "
        "cómo no, genial, estupendo, fenomenal, fantástico, excelente, bueno, sin cambios, "
        "nada que cambiar, puede "
        "reservar, puede reservarlo, quiero, hecho, obviamente, ya lo creo, sería genial, sería estupendo, "
        "sería perfecto"
    ),
    no=phrases(
        "no lo soy, no lo somos, no lo tengo, no la tengo, no tengo, no tenemos, no lo es, no tengo ninguno, "
        "no tengo ninguna, ninguno, ninguna, qué va, más bien no, la verdad es que no, no hace "
        "falta, no mucho, "
        "tampoco, nada, eso es todo, nada más, no eso es todo, no eso sería todo, eso sería todo, "
        "no ya está, "
        "no con eso está, no así está bien, no es todo, no nada más"
    ),
    amounts={
        "solo yo": 1,
        "yo solo": 1,
        "yo sola": 1,
        "nada mas yo": 1,
        "nosotros dos": 2,
        "nosotras dos": 2,
        "ninguno": 0,
        "ninguna": 0,
        "nadie": 0,
        "un par": 2,
        "un par de": 2,
        "una docena": 12,
    },
    courtesies=phrases(
        "un encanto, me habéis salvado, me has salvado, me ha salvado, me salváis, me salvas, me alegras "
        "el día, un sol, unos soles, amable, amables, buen trabajo, bien hecho, gran trabajo, "
        "sigan así, sigue así, seguid así, "
        "maravilla, maravilloso, maravillosa, fantástico, fantástica, increíble, magnífico, útil, servicial, "
        "atento, atenta, atentos, encantado, encantada, majo, majos, simpático, simpáticos, lo máximo, "
        "crack, "
        "cracks, los mejores, el mejor, la mejor, lo mejor, bravo, enhorabuena, felicidades, felicitaciones, "
        "qué rápido, qué bien, qué bueno, qué guay, guay, qué eficientes, un placer, de nada, jaja, jajaja, "
        "jeje, muy bueno, muy buena, muy bien, que vaya bien, que le vaya bien, que te vaya bien, "
        "que os vaya bien, "
        "hasta luego, hasta pronto, hasta mañana, hasta entonces, hasta otra, hasta el, nos vemos, chau, "
        "saludos, un saludo, un abrazo, cuídense, cuídate, buen día, buen fin de semana, buenas noches, "
        "feliz día, encantar, encantará, contento, contenta, satisfecho, satisfecha"
    ),
    tags=phrases("no, verdad, vale, sí, cierto, ok"),
    ignorance=phrases(
        "ni idea, no sé, no lo sé, no la sé, no tengo idea, no me acuerdo, no recuerdo, no lo recuerdo, "
        "no lo encuentro, no la encuentro, lo perdí, la perdí, lo he perdido, la he perdido, no lo tengo, "
        "no la tengo, se me olvidó, lo olvidé, la olvidé"
    ),
    indifference=phrases(
        "igual que antes, igual que siempre, igual que la otra vez, lo mismo, mismo, lo mismo de "
        "siempre, lo de siempre, como siempre, como antes, como la otra vez, da igual, me da igual, lo "
        "que sea, el que sea, la que sea, cualquiera, como quiera"
    ),
    untold_patterns=(
        rf"\b(?:prefiero|preferiria) no {_TELL}",
        rf"\bno (?:lo |la |te lo |se lo |os lo |le |te |se |os )?(?:quiero|queremos|voy "
        rf"a|pienso|vamos a) {_TELL}",
        r"\bno (?:te|se|os) lo (?:digo|doy)\b",
        r"\b(?:te|se|os) (?:lo|la|los|las) (?:digo|doy|paso|mando|envio|dire|dare) (?:\w+ ){0,2}"
        r"(?:por telefono|luego|despues|mas tarde|en persona|alli|cuando)",
        r"\bno es asunto (?:tuyo|suyo|vuestro)\b|\beso es privado\b|\bes privado\b",
    ),
    skip_patterns=(r"^\W*(?:saltar|omitir|saltalo|saltelo|omitelo|omitalo|paso)\W*$",),
)
