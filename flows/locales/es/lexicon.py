"""Spanish words for the recognizers."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import (
    AnswerWords,
    DateWords,
    Lexicon,
    NumberWords,
    TimeWords,
    alternatives,
    numbered,
    phrases,
    words,
)

_SMALL_NUMBERS = numbered(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte"
)
_ONE_TO_TWELVE = {name: number for name, number in _SMALL_NUMBERS.items() if 1 <= number <= 12}
_SHORT_WEEKDAYS = {**numbered("lu ma mi ju vi sa do"), **numbered("lun mar mie jue vie sab dom")}

_ANSWERS = AnswerWords(
    yes=words("sí sip claro"),
    no=words("no nop nones"),
    correct=words(
        "correcto correcta cierto exacto exacta bien vale ok okay confirmo confirmado acepto acuerdo"
    ),
    emphatic_yes=words(
        "dale venga obvio seguro segura perfecto exactamente efectivamente naturalmente totalmente adelante"
    ),
    incorrect=words("incorrecto incorrecta mal equivocado equivocada falso falsa nunca jamás"),
    intensifiers=words("es está estoy son del todo muy tan nada realmente exactamente totalmente"),
    yes_phrases=phrases(
        "sí señor, sí señora, con gusto, con mucho gusto, está perfecto, me parece perfecto, hágalo, hazlo, "
        "por supuesto, desde luego, de acuerdo, está bien, sin problema, ningún problema, no hay problema, "
        "cómo no, por qué no, claro que sí, sin duda, me parece bien, eso es, así es, no tengo objeciones, "
        "no me importa, no hay inconveniente, no estaría mal, no está mal, no me vendría mal, "
        "venga, venga va, eso mismo, todo en orden, por mí perfecto, por mí bien, me vale, me encaja, "
        "tal cual"
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

_NUMBERS = NumberWords(
    text2num_code="es",
    by_name={
        **_SMALL_NUMBERS,
        **numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10),
    },
    positions={
        **_ONE_TO_TWELVE,
        **numbered("primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo", 1),
        **numbered("primera segunda tercera cuarta quinta sexta séptima octava novena décima", 1),
        "primer": 1, "tercer": 3,
    },
    scales={"cientos": 100, "mil": 1_000, "millon": 1_000_000, "millones": 1_000_000},
    decimal_comma=True,
    decimal_words=words("coma punto"),
    minus=words("menos"),
    choice_words=words("opción número"),
    choice_abbreviations=words("núm nro"),
    spellings={"veintidos": "veintidós", "veintitres": "veintitrés", r"veintiun\b": "veintiuno"},
    not_alone=words("un una unos unas cientos miles millones"),
    half_phrases=phrases("y medio, y media"),
    half_words=words("medio media"),
)  # fmt: skip

_DATES = DateWords(
    months=alternatives(
        "enero ene, febrero feb, marzo mar, abril abr, mayo may, junio jun, julio jul, agosto ago, "
        "septiembre setiembre sept sep, octubre oct, noviembre nov, diciembre dic"
    ),
    weekdays=alternatives("lunes, martes, miércoles, jueves, viernes, sábado, domingo"),
    short_weekdays=_SHORT_WEEKDAYS,
    short_weekday_patterns=(rf"(?:(?<= el )|(?<=^ ))(?P<short>{'|'.join(_SHORT_WEEKDAYS)})(?= (?:$|; ))",),
    near_days={
        "hoy": 0, "manana": 1, "ayer": -1, "anoche": -1, "anteayer": -2, "antier": -2,
        "antes de anoche": -2, "pasado manana": 2,
        "antes de ayer": -2,
        "esta noche": 0, "esta tarde": 0, "esta manana": 0,
    },
    month_may_come_first=False,
    dotted_dates=True,
    articles=phrases("el, día, el día, del"),
    day_prepositions=phrases("el"),
    counts={
        **_ONE_TO_TWELVE,
        "un": 1,
        "una": 1,
        "catorce": 14,
        "quince": 15,
        "veinte": 20,
        "treinta": 30,
    },
    day_unit_patterns=(r"dias?",),
    week_unit_patterns=(r"semanas?",),
    in_words=phrases("en, dentro de"),
    after_words=phrases("después del, después de, a partir del, a partir de, desde el, desde"),
    now_words=phrases("ahora"),
    next_week=phrases(
        "la semana que viene, de la semana que viene, la próxima semana, de la próxima semana, "
        "la semana próxima, de la semana próxima"
    ),
    this_words=phrases("este"),
    bound_words=phrases("antes, antes de, después, después de, hasta, desde, a partir, a partir de"),
    bound_articles=phrases("el, del, de"),
    recurrence_words=phrases("cada, todos los, los"),
    contrast_words=phrases("pero, sino, mejor"),
    ago_before_words=phrases("hace"),
    vague_days=phrases(
        "la semana que viene, la próxima semana, esta semana, fin de semana, navidad, "
        "navidades, semana santa, "
        "el mes que viene"
    ),
    start_words=words("desde partir"),
    start_question_words=words(
        "desde partir primer primero empezar empieza inicio comienzo llegada llegas llega"
    ),
    end_question_words=words(
        "vuelta volver vuelve vuelves volvéis regreso regresa salida salir fin final hasta último "
        "devolución"
    ),
    day_part_leads=phrases("por la, en la"),
    day_shifts=phrases(
        "el día antes, un día antes, día anterior, el día después, un día después, día siguiente, "
        "días antes, días después, la víspera, la semana anterior, la semana siguiente, la noche "
        "antes, la noche anterior"
    ),
    bare_day_patterns=(r"(?:el|al|del|día|dia) (?P<number>\d{1,2})",),
    last_before_words=phrases("último, pasado"),
    last_after_words=phrases("pasado"),
    particles=phrases("de, del"),
    ordinal_suffixes=phrases("º, ro, er"),
    day_of_month_patterns=(r"(?P<number>\d{1,2})",),
    near_day_not_after=phrases("la"),
)  # fmt: skip

_TIMES = TimeWords(
    hours={**_ONE_TO_TWELVE, "una": 1},
    minutes={
        "cuarto": 15, "media": 30, "cinco": 5, "diez": 10, "quince": 15, "veinte": 20, "veinticinco": 25,
        "treinta": 30, "cuarenta": 40, "cincuenta": 50,
    },
    prepositions=phrases("a las, a la, las"),
    approximate_prepositions=phrases("sobre las, hacia las, alrededor de las, a eso de las, como a las"),
    clock_24h_patterns=(r"hrs?", r"h"),
    clock_12h_patterns=(r"en punto",),
    plus_words=phrases("y, con"),
    minus_words=phrases("menos"),
    spoken_minutes=phrases("quince, veinte, treinta, cuarenta, cincuenta"),
    spoken_five_patterns=(r"\s+y\s+cinco",),
    hour_minute_separators=phrases("horas"),
    range_leads=phrases("entre las, entre la, entre, de las, desde las, de"),
    range_links=phrases("a, al, hasta, y, o"),
    choice_links=phrases("y, o"),
    second_time_prefixes=phrases("las, la, a las, a la"),
    bare_hour_prefixes=phrases("la, mejor"),
    negated_prepositions=phrases("antes de las, después de las"),
    noon_patterns=(r"(?:al? )?mediodia",),
    midnight_patterns=(r"(?:a )?medianoche",),
    day_periods={
        "early": (
            r"(?:de|por|en) la manana", r"esta manana", r"(?:de|por) la madrugada", r"de madrugada",
        ),
        "late": (r"(?:(?:de|por|en) la|esta) tarde",),
        "evening_or_night": (r"(?:(?:de|por|en) la|esta) noche",),
        "noon": (r"del mediodia",),
    },
    answer_prefixes=phrases("sí, a, por"),
    hour_answer="a las {hour} {period}",
    period_answers={
        "manana": "de la mañana", "la manana": "de la mañana", "tarde": "de la tarde",
        "la tarde": "de la tarde", "noche": "de la noche", "la noche": "de la noche",
    },
    not_after_hour_patterns=(
        r"personas?\b", r"euros?\b", r"pesos?\b", r"dolares\b", r"horas? (?:de|y media)\b", r"minutos?\b",
        r"dias?\b", r"semanas?\b", r"anos?\b", r"veces\b",
    ),
    counted_noun_prefixes=phrases("persona, euro, peso, minuto"),
)  # fmt: skip

LEXICON: Final = Lexicon(
    names=words("español castellano spanish spanisch espagnol"),
    also_reads=(),
    region="ES",
    fillers=words(
        "a al algo ante aquí así aún con cual cuál cuando cuándo de del donde dónde el "
        "ella ellos en era es esa "
        "ese eso esta está están este esto estoy favor fue gracias ha hay he hola la las "
        "le les lo los me mi mis "
        "muy nos o para pero por porque pues puede puedo que qué quería quiero quisiera "
        "se ser si son soy su sus "
        "oye oiga oigan te tengo tiene tu un una usted ustedes y ya yo"
    ),
    marker_words=words("sí no buenos buenas días tardes noches cómo también necesito mañana"),
    language_request_words=words("hablar habla hablas hablo idioma en cambiar escribir puede"),
    greetings=words("hola buenas buenos buen día días tardes noches saludos qué tal a todos"),
    greeting_patterns=(r"buen[oa]s? (?:dias?|tardes|noches)",),
    thanks=words(
        "gracias genial perfecto estupendo fenomenal excelente vale ok okay adiós chao bien listo igualmente"
    ),
    thanks_companions=words(
        "buen buena día tarde noche fin semana mil infinitas muchas muchísimas mil por todo la "
        "ayuda muy a usted hasta luego pronto que "
        "tenga un buen día de acuerdo"
    ),
    negations=words("no nadie nunca jamás ni sin tampoco ningún ninguno ninguna nada"),
    value_negations=phrases("no, ni"),
    trailing_negations=words("no"),
    correction_words=words(
        "perdón perdona perdone disculpa disculpe no mejor digo quería decir corrección sino realidad"
    ),
    question_words=words(
        "qué cuál cuáles cuándo cuánto cuánta cuántos cuántas cómo dónde quién quiénes "
        "puedo pueden hay tienen"
    ),
    politeness=phrases("por favor, porfavor, porfa, porfi, porfis, por fa, xfa, xfavor, plis, pls, entonces"),
    and_words=phrases("y, e"),
    or_words=phrases("o, u"),
    answers=_ANSWERS,
    numbers=_NUMBERS,
    dates=_DATES,
    times=_TIMES,
    stop_words=words(
        "estaba estaban estamos estar están estuvo era eran es son fue "
        "a al con de del el en es la las lo los me mi mis para por que se su sus un una unos unas y o le les "
        "hola gracias favor usted quiero quería quisiera puedo puede este esta eso"
    ),
    abbreviations={"q": "que", "xq": "porque", "pq": "porque", "tb": "tambien", "x": "por"},
    people=words(
        "persona humano humana agente representante operador operadora asesor asesora companero "
        "companera alguien "
        "encargado encargada jefe supervisor"
    ),
    people_phrases=phrases("atencion al cliente, servicio al cliente, persona real"),
    contact_wishes=phrases(
        "hablarlo con, hablar con, hablar a, me atienda, me atiendan, nos atienda, me atiende, atenderme, "
        " comunicarme con, comuniqueme, comuniqueme con, paseme, pasame, "
        "conecteme, conectame, quiero un, "
        "quiero una, necesito un, necesito una, deme, dame, llameme"
    ),
    callback_wishes=phrases(
        "llamarme, llamarnos, me llame, nos llame, me llamen, me puede llamar, me pueden llamar, "
        "me puede llamarme, me devuelva la llamada, devolverme la llamada, contactarme, me contacte"
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
    anybody=words("alguien"),
    callback_leads=words("puede puedes podría podrías que pueden podrían quiero necesito favor"),
    transfer_promises=(
        r"\b(?:le|te|lo|la) (?:paso|comunico|transfiero|conecto|derivo)\b(?: \w+){0,4} "
        r"(?:persona|agente|companer\w+|equipo|asesor\w*|humano)",
    ),
    deed_claims=(
        r"\b(?:he|hemos) (?:reservado|cancelado|pedido|realizado|confirmado|cambiado|enviado|"
        r"reembolsado|registrado)\b",
        r"\bsu (?:\w+ ){1,3}(?:ha sido|esta|fue) "
        r"(?:reservad|cancelad|realizad|confirmad|cambiad|registrad)[oa]\b",
    ),
)
