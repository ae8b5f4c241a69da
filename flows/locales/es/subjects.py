"""Spanish words by which a clause is about something else than what was asked."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.subject_words import SubjectWords

_VERBS = (
    r"(?:sale|llega|acaba|termina|empieza|comienza|cierra|abre|tiene|caduca|vence|cobra|pide|cuesta"
    r"|vale|dura"
    r"|va|viene|parte|aterriza|despega|queda|cumple|admite|esta|atiende|trabaja|vuelve|pasa|entra"
    r"|necesita)n?"
)

SUBJECTS: Final = SubjectWords(
    determiners=words("el la los las mi mis su sus nuestro nuestra nuestros nuestras tu tus"),
    owners=words("mi mis su sus nuestro nuestra nuestros nuestras"),
    prepositions=words(
        "a al en de del con por para desde hasta sobre entre según sin quiero prefiero necesito mejor"
    ),
    verb_patterns=(
        _VERBS,
        r"es|son|era|eran|fue|fueron|ha|han|se|me",
        r"\w{3,}(?:aba|aban|ria|rian)|pago|costo|cobro|pidio|llego|salio|cerro|abrio|tenia|cumplio"
        r"|nacio|duro",
    ),
    inverted_verb_patterns=(_VERBS,),
    bare_verbs=words("sale llega empieza acaba termina cierra abre cuesta"),
    answer_subjects=words(
        "cita citas reserva reservas visita reunión hueco hora horas fecha día días llegada salida ida "
        "vuelta regreso recogida devolución entrada grupo fiesta equipo total número cantidad presupuesto "
        "límite máximo mínimo tope precio ideal respuesta plan idea único única resto todo todos todas "
        "viaje estancia pequeño pequeña chico chica bebé niño niña niños niñas gemelos menor mayor "
        "personas "
        "gente invitados adultos preferencia preferido mañana tarde noche mediodía medianoche semana fin "
        "mes hoy edad talla color que"
    ),
    answer_adjectives=words(
        "mejor primero primera segundo segunda tercero tercera último última próximo próxima mismo misma "
        "correcto correcta nuevo nueva"
    ),
    speakers=words("yo nosotros nosotras"),
    addressees=words("usted ustedes quiere desea puede prefiere le les su va viene llega"),
    reason_words=phrases("porque, que, q, ya que, como, pues, cuando, y"),
    quoting_patterns=(
        r"(?:dijo|dijeron|dijiste|dijisteis|escribio|escribieron|escribiste|menciono|mencionaron|prometio"
        r"|prometieron|ofrecio|ofrecieron|indico|indicaron|comento|comentaron)",
        r"(?:ha|han|has|habeis|habia|habian) (?:dicho|escrito|mencionado|prometido|ofrecido|indicado"
        r"|comentado)",
        r"en (?:\w+ ){1,4}(?:pone|ponia|dice|decia)",
    ),
    quoted_starts=words("que q"),
    inquiry_patterns=(r"^(?:quien|quienes|por que|donde)\b",),
    openness_words=words(
        "libre libres disponible disponibles disponibilidad algo sitio habitación habitaciones "
        "hueco huecos cita citas posible puede podría podrían va viene vale bien queda quedan"
    ),
)
