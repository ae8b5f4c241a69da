"""Spanish words of a yes or a no."""

from __future__ import annotations

from typing import Final

from flows.locales.answer_words import AnswerWords
from flows.locales.folding import phrases, words

ANSWERS: Final = AnswerWords(
    yes=words("sí sip claro"),
    no=words("no nop nones"),
    correct=words(
        "correcto correcta cierto exacto exacta bien vale ok okay confirmo confirmado acepto acuerdo"
    ),
    emphatic_yes=words(
        "dale venga obvio seguro segura segurísimo conforme afirmativo okey perfecto exactamente "
        "efectivamente naturalmente totalmente adelante"
    ),
    incorrect=words("incorrecto incorrecta mal equivocado equivocada falso falsa nunca jamás"),
    intensifiers=words("es está estoy son del todo muy tan nada realmente exactamente totalmente"),
    yes_phrases=phrases(
        "sí señor, sí señora, con gusto, con mucho gusto, está perfecto, me parece perfecto, hágalo, hazlo, "
        "por supuesto, desde luego, de acuerdo, está bien, sin problema, ningún problema, no hay problema, "
        "cómo no, por qué no, claro que sí, sin duda, me parece bien, eso es, así es, no tengo objeciones, "
        "no me importa, no hay inconveniente, no estaría mal, no está mal, no me vendría mal, "
        "venga, venga va, eso mismo, todo en orden, por mí perfecto, por mí bien, me vale, me encaja, "
        "suena bien, suena perfecto, tal cual, me viene bien, me viene perfecto, me va perfecto, me "
        "sirve, trato hecho"
    ),
    no_phrases=phrases(
        "por suerte no, gracias a dios no, que yo sepa no, no que yo sepa, mejor no, "
        "desgraciadamente no, por desgracia no, claro que no, por supuesto que no, desde luego "
        "que no, de ninguna manera, de "
        "ningún modo, para nada, "
        "en absoluto, ni hablar, no estoy de acuerdo, no está bien, no es así, no es eso, nada de eso"
    ),
    doubt_phrases=phrases(
        "no estoy seguro, no estoy segura, no estoy muy seguro, no estoy muy segura, no lo sé, no sé, "
        "ni idea, no tengo ni idea, tal vez, quizá, quizás, a lo mejor, depende, todavía no, aún no, "
        "ahora no, por ahora no, no sabemos, no lo sabemos, no sabría, no lo sabría, no lo he decidido, "
        "no lo hemos decidido, no he decidido, no hemos decidido, no lo tengo claro, no lo tenemos claro, "
        "no te sé decir, no le sé decir, no les sé decir, no puedo decir"
    ),
    neutral_phrases=phrases("está bien claro, más o menos bien"),
    yes_alone=words("s"),
    no_alone=words("n"),
    not_yet=phrases("todavía no, aún no, no todavía, no aún, por ahora no, hasta ahora no"),
    negating_no=words("no"),
    generic=words("nada ayuda pregunta genial perfecto hola"),
)
