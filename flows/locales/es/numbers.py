"""Spanish words of numbers and of what is counted."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import number_words, phrases, words
from flows.locales.number_words import NumberWords

_SMALL_NUMBERS = number_words(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte"
)

ONE_TO_TWELVE: Final = {name: number for name, number in _SMALL_NUMBERS.items() if 1 <= number <= 12}

NUMBERS: Final = NumberWords(
    text2num_code="es",
    by_name={
        **_SMALL_NUMBERS,
        **number_words("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10),
    },
    positions={
        **ONE_TO_TWELVE,
        **number_words("primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo", 1),
        **number_words("primera segunda tercera cuarta quinta sexta séptima octava novena décima", 1),
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
    conclusions=phrases("así que, o sea, en total, total"),
    limit_words=words("máximo máxima tope límite"),
    upper_bounds=phrases("no más de, como mucho, como máximo, a lo sumo, hasta, máximo, máx"),
    numbered_nouns=words("mesa habitación sala año curso línea autobús bus fila página versión número"),
    but_words=words("pero aunque"),
    setting_words=words("pon ponme ponga póngame pongamos mejor"),
    amount_modifiers_before=phrases(
        "al menos, por lo menos, como mucho, como máximo, como mínimo, hasta, más de, menos de, casi, "
        "unos, "
        "unas, alrededor de, aproximadamente, la mitad de, media, medio, mínimo, máximo, otros, otras, no "
        "más de"
    ),
    amount_modifiers_after=phrases(
        "por ciento, más, menos, o más, o menos, o así, como mínimo, como máximo, por ciento, al menos, "
        "más menos"
    ),
    approximations=phrases(
        "unos, unas, alrededor de, aproximadamente, más o menos, aproximado, aproximada, cerca de, o así"
    ),
    addition_words=words("otros otras más adicionales"),
    amount_multipliers={"docena": 12, "docenas": 12},
    half_units=words("media medio"),
    minutes_in_words={"media hora": 30, "una hora": 60, "cuarto de hora": 15, "hora y media": 90},
    ranked_nouns=words("piso planta fila curso página línea capítulo calle"),
    ground_words=phrases("planta baja, bajo, bajos"),
    both_phrases=phrases("entre los dos, entre las dos, los dos juntos, las dos juntas"),
    people_words=words(
        "personas gente adultos huéspedes comensales invitados plazas participantes pasajeros viajeros "
        "visitantes jugadores pilotos corredores alumnos"
    ),
    people_counts=phrases(
        "para #, somos #, seremos #, # personas, vienen #, venimos #, vendrán #, vamos a ser #, vamos #"
    ),
    count_phrases=phrases("cuántos, cuántas, el número de, número de"),
    age_words=words("edad"),
    age_changes=phrases("cumple, cumplo, cumplirá, cumpliré, va a cumplir, casi"),
    last_phrases=phrases("último, última"),
    next_to_last_phrases=phrases("penúltimo, penúltima"),
    having_words=words("tengo tenemos tenía hay somos son"),
    age_verbs=words("tiene tienen cumple"),
    child_words=words("niño niña niños niñas bebé bebés hijo hijos"),
    age_units=words("año años añitos"),
    unit_words=words(
        "minuto minutos min hora horas día días noche noches semana semanas mes meses año años euro euros "
        "céntimos dólares porciento km kilómetros veces"
    ),
    piece_words=words("pieza piezas unidad unidades artículos ejemplares uds"),
    container_words=words(
        "caja cajas paquete paquetes pares lote lotes juego juegos palé palés cartón cartones bolsa bolsas"
    ),
    unit_abbreviations={
        "cm": "centimet",
        "km": "kilomet",
        "kms": "kilomet",
        "kg": "kilo",
        "gb": "gigabyte",
        "min": "minuto",
    },
    per_words=phrases("a la, al, por, cada"),
    money_words=words("euro euros céntimos dólares pesos"),
    money_questions=words("gastar cuesta costar precio pagar presupuesto importe cantidad dinero"),
)  # fmt: skip
