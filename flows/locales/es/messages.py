"""Messages in Spanish, with the formal address."""

from __future__ import annotations

from typing import Final

from flows.locales.messages import LocaleMessages

MESSAGES: Final = LocaleMessages(
    apologies=(
        "Disculpe, algo ha fallado por nuestra parte. Por favor, envíe de nuevo su último mensaje.",
        "Lo siento, todavía no puedo responder. Por favor, inténtelo otra vez dentro de unos minutos.",
        "Disculpe, esto está tardando más de lo debido. Por favor, escríbanos de nuevo un poco más tarde.",
    ),
    processing_failed="Disculpe, algo ha fallado por nuestra parte. Por favor, escríbanos de nuevo en "
    "un momento.",
    mailbox_overflow="Disculpe, llegaron tantos mensajes a la vez que no pudimos leer los últimos.",
    opted_out="Ya no recibirá más mensajes nuestros. Escriba START para volver a recibirlos.",
    opted_out_of_marketing="Ya no recibirá más ofertas nuestras.",
    opted_in="Volverá a recibir nuestros mensajes. Escriba STOP para no recibirlos más.",
    refusal="Lo siento, con eso no puedo ayudarle aquí.",
    continue_prompt="Le escucho. Cuénteme más, por favor.",
    choose_prompt="Por favor, elija una de estas opciones.",
    list_button="Elegir",
    farewell="Gracias por escribirnos. ¡Hasta pronto!",
    conversation_closed="Esta conversación está cerrada. Gracias por escribirnos.",
    budget_exhausted="Llevamos ya un buen rato escribiéndonos, así que le paso con una persona de "
    "nuestro equipo, "
    "que le responderá aquí.",
    hand_off="Le paso con una persona de nuestro equipo, que le responderá aquí mismo.",
    rephrase_prompt="¿Podría decirlo con otras palabras?",
    take_your_time="Por supuesto, tómese su tiempo.",
    nothing_done_yet="Todavía no he hecho nada.",
    human_agent_hint="Si prefiere hablar con una persona, solo tiene que decirlo.",
    error_prefixes=(
        "Disculpe, no le he entendido.",
        "Me temo que sigo sin entenderle.",
        "Disculpe, todavía no estoy seguro de lo que quiere decir.",
    ),
    files_unsupported=(
        "Todavía no puedo abrir archivos aquí.",
        "Aquí solo puedo leer texto, así que no envíe archivos, por favor.",
    ),
    sent_image="(ha enviado una imagen)",
    sent_video="(ha enviado un vídeo)",
    sent_audio="(ha enviado una nota de voz)",
    sent_file="(ha enviado un archivo)",
    sent_location="(ha enviado una ubicación)",
    sent_form="(rellenó un formulario)",
    sent_unsupported="(envió algo que no se puede mostrar aquí)",
    unsupported="Aquí no puedo ver este tipo de mensaje. Por favor, escríbalo como texto.",
    location_unsupported=(
        "Aquí no puedo usar una ubicación.",
        "Aquí solo puedo leer texto, no una ubicación.",
    ),
    missing_value="Gracias. Todavía me falta: {}.",
    invalid_value="Eso no parece corresponder a: {}.",
    date_in_future="Esa fecha todavía no ha llegado.",
    date_in_past="Esa fecha ya ha pasado.",
    ambiguous_hour="¿Se refiere a las {0} de la mañana o a las {0} de la tarde?",
    ambiguous_value="Veo {}. ¿Cuál de ellos es?",
    whole_number_required="Por favor, escriba un número entero.",
    at_least="Debe ser como mínimo {}.",
    at_most="Debe ser como máximo {}.",
    more_than="Debe ser más de {}.",
    less_than="Debe ser menos de {}.",
    too_short="Es demasiado corto: como mínimo {} caracteres, por favor.",
    too_long="Es demasiado largo: como máximo {} caracteres, por favor.",
    too_few="Indique al menos {}, por favor.",
    too_many="Indique como máximo {}, por favor.",
    four_digit_year_required="Por favor, escriba el año con cuatro cifras.",
    invalid_date="El día {} no existe.",
    date_too_early="{} queda demasiado atrás.",
    date_too_late="{} queda demasiado lejos.",
    full_date_required="Por favor, escriba el día, el mes y el año.",
    exact_day_required="¿Qué día exactamente?",
    ambiguous_date="{} puede ser {}. Por favor, escriba el mes con letras.",
    exact_time_required="¿A qué hora exactamente?",
    noon_or_midnight="¿Se refiere al mediodía o a la medianoche?",
    invalid_time="La hora {} no existe.",
    phone_number_too_short="Ese número es demasiado corto.",
    phone_number_too_long="Ese número es demasiado largo.",
    phone_number_incomplete="Ese número no está completo.",
    unknown_country_code="No conozco ese prefijo de país.",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    date_format="{day} de {month} de {year}",
    word_and="y",
    word_or="o",
)
