"""Spanish words of dates."""

from __future__ import annotations

from typing import Final

from flows.locales.date_words import DateWords
from flows.locales.es.numbers import ONE_TO_TWELVE
from flows.locales.folding import alternatives, fold_keys, number_words, phrases, words

_SHORT_WEEKDAYS = {**number_words("lu ma mi ju vi sa do"), **number_words("lun mar mie jue vie sab dom")}

_NUMBERS = number_words(
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis "
    "veintisiete veintiocho veintinueve treinta",
    1,
)

_DAYS_IN_WORDS = {**_NUMBERS, "primero": 1, "treinta y uno": 31}

_NAMED_DAYS = fold_keys(
    {
        "año nuevo": "1 de enero",
        "halloween": "31 de octubre",
        "nochebuena": "24 de diciembre",
        "el día de navidad": "el 25 de diciembre",
        "nochevieja": "31 de diciembre",
        "el día de año nuevo": "el 1 de enero",
        "el día de reyes": "el 6 de enero",
    }
)

DATES: Final = DateWords(
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
        "de hoy en ocho": 7,
        "de hoy en ocho dias": 7,
        "de hoy en quince": 14,
        "de hoy en quince dias": 14,
        "esta noche": 0, "esta tarde": 0, "esta manana": 0,
    },
    month_may_come_first=False,
    dotted_dates=True,
    articles=phrases("el, día, el día, del"),
    day_prepositions=phrases("el"),
    counts={
        **ONE_TO_TWELVE,
        "un": 1,
        "una": 1,
        "catorce": 14,
        "quince": 15,
        "veinte": 20,
        "treinta": 30,
    },
    day_unit_patterns=(r"dias?",),
    week_unit_patterns=(r"semanas?",),
    month_unit_patterns=(r"mes(?:es)?",),
    year_unit_patterns=(r"anos?",),
    next_month=phrases(
        "el mes que viene, del mes que viene, el próximo mes, del próximo mes, el mes próximo, del mes "
        "próximo"
    ),
    this_month=phrases("este mes, de este mes, del mes"),
    in_words=phrases("en, dentro de, de hoy en"),
    after_words=phrases("después del, después de, a partir del, a partir de, desde el, desde"),
    now_words=phrases("ahora"),
    next_week=phrases(
        "la semana que viene, de la semana que viene, la próxima semana, de la próxima semana, "
        "la semana próxima, de la semana próxima"
    ),
    this_words=phrases("este"),
    bound_words=phrases("antes, antes de, después, después de, hasta, desde, a partir, a partir de"),
    approximate_words=phrases("sobre, hacia, alrededor de, alrededor del, semana del, semana de"),
    bound_articles=phrases("el, del, de"),
    recurrence_words=phrases("cada, todos los, los"),
    contrast_words=phrases("pero, sino, mejor"),
    ago_before_words=phrases("hace"),
    not_named_before=(
        r"\b(?:semana|vacaciones|fiestas?|epoca|cena|comida|dias|fin|regalos?|puente|tiempo) (?:de|del) $",
        r"\bentre (?:\w+ ){1,3}y $",
        r"\b(?:por|durante|entre|hacia|sobre) $",
    ),
    movable_days=phrases(
        "viernes santo, jueves santo, lunes de pascua, domingo de ramos, miércoles de ceniza, corpus"
    ),
    week_numbers=phrases("semana"),
    vague_days=phrases(
        "fin de mes, finales de mes, final de mes, principios de mes, mediados de mes, "
        "meses, la semana que viene, la próxima semana, esta semana, fin de semana, navidad, "
        "navidades, semana santa, "
        "el mes que viene"
    ),
    start_words=words("desde partir"),
    start_question_words=words(
        "desde partir primer primero empezar empieza inicio comienzo llegada llegas llega"
    ),
    start_verbs=words("recojo recogemos recoger recogeremos salimos"),
    end_verbs=words(
        "devuelvo devolvemos devolver devolveremos traigo traemos volvemos regresamos volveremos regresaremos"
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
    days_in_words=_DAYS_IN_WORDS,
    named_days=_NAMED_DAYS,
    seasons={"navidad": "25 de diciembre"},
    bounds_behind=phrases(
        "como muy pronto, como muy tarde, como pronto, como tarde, en adelante, a más tardar"
    ),
    ordinals=words(
        "primer primero primera segundo segunda tercer tercero tercera cuarto cuarta quinto último última "
        "penúltimo"
    ),
)  # fmt: skip
