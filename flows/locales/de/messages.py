"""Messages in German, with the formal address."""

from __future__ import annotations

from typing import Final

from flows.locales.messages import LocaleMessages

MESSAGES: Final = LocaleMessages(
    apologies=(
        "Entschuldigung, hier ist etwas schiefgegangen. Bitte senden Sie Ihre letzte Nachricht noch einmal.",
        "Es tut mir leid, ich kann noch nicht antworten. Bitte versuchen Sie es in ein paar Minuten erneut.",
        "Entschuldigung, das dauert länger, als es sollte. Bitte schreiben Sie etwas später noch einmal.",
    ),
    processing_failed="Entschuldigung, bei uns ist etwas schiefgegangen. Bitte schreiben Sie uns gleich noch "
    "einmal.",
    mailbox_overflow="Entschuldigung, es kamen so viele Nachrichten zugleich, dass uns die letzten entgangen "
    "sind.",
    opted_out="Sie erhalten keine Nachrichten mehr von uns. Schreiben Sie START, um sie wieder zu erhalten.",
    opted_out_of_marketing="Sie erhalten keine Angebote mehr von uns.",
    opted_in="Sie erhalten wieder Nachrichten von uns. Mit STOP beenden Sie das.",
    refusal="Es tut mir leid, dabei kann ich hier nicht helfen.",
    continue_prompt="Ich höre zu. Erzählen Sie bitte mehr.",
    choose_prompt="Bitte wählen Sie eine dieser Möglichkeiten.",
    list_button="Auswählen",
    farewell="Danke für Ihre Nachricht. Auf Wiedersehen!",
    conversation_closed="Dieses Gespräch ist abgeschlossen. Danke für Ihre Nachricht.",
    budget_exhausted="Wir schreiben nun schon eine Weile. Ich gebe Sie an eine Kollegin oder einen "
    "Kollegen weiter, "
    "die Antwort kommt hier.",
    hand_off="Ich gebe Sie an eine Kollegin oder einen Kollegen weiter, die Antwort kommt gleich hier.",
    rephrase_prompt="Können Sie das anders sagen?",
    take_your_time="Natürlich, lassen Sie sich Zeit.",
    nothing_done_yet="Ich habe noch nichts getan.",
    human_agent_hint="Wenn Sie lieber mit einem Menschen sprechen möchten, sagen Sie es einfach.",
    error_prefixes=(
        "Entschuldigung, das habe ich nicht verstanden.",
        "Ich kann Ihnen leider noch nicht folgen.",
        "Entschuldigung, ich bin noch nicht sicher, was Sie meinen.",
    ),
    files_unsupported=(
        "Dateien kann ich hier noch nicht öffnen.",
        "Ich kann hier nur Text lesen, bitte keine Dateien.",
    ),
    sent_image="(hat ein Bild geschickt)",
    sent_video="(hat einen Film geschickt)",
    sent_audio="(hat eine Sprachnachricht geschickt)",
    sent_file="(hat eine Datei geschickt)",
    sent_location="(hat einen Standort geschickt)",
    sent_form="(hat ein Formular ausgefüllt)",
    sent_unsupported="(hat etwas gesendet, das hier nicht gezeigt werden kann)",
    unsupported="Diese Art von Nachricht kann ich hier nicht sehen. Bitte schreiben Sie mir einen Text.",
    location_unsupported=(
        "Mit einem Standort kann ich hier nichts anfangen.",
        "Ich kann hier nur Text lesen, keinen Standort.",
    ),
    missing_value="Danke. Es fehlt noch: {}.",
    invalid_value="Das passt nicht zu: {}.",
    date_in_future="Dieser Tag ist noch nicht gekommen.",
    date_in_past="Dieser Tag ist schon vorbei.",
    ambiguous_hour="Meinen Sie {0} Uhr morgens oder {0} Uhr nachmittags?",
    ambiguous_value="Ich sehe {}. Was davon ist es?",
    exact_number_required="Wie viel genau?",
    whole_number_required="Bitte schreiben Sie eine ganze Zahl.",
    at_least="Es ist mindestens {}.",
    at_most="Es ist höchstens {}.",
    more_than="Es ist mehr als {}.",
    less_than="Es ist weniger als {}.",
    too_short="Das ist zu kurz: bitte mindestens {} Zeichen.",
    too_long="Das ist zu lang: bitte höchstens {} Zeichen.",
    too_few="Bitte mindestens {} davon.",
    too_many="Bitte höchstens {} davon.",
    four_digit_year_required="Bitte schreiben Sie das Jahr mit vier Ziffern.",
    invalid_date="Den Tag {} gibt es nicht.",
    date_too_early="{} liegt zu lange zurück.",
    date_too_late="{} liegt zu weit in der Zukunft.",
    full_date_required="Bitte schreiben Sie Tag, Monat und Jahr.",
    exact_day_required="An welchem Tag genau?",
    ambiguous_date="{} kann {} sein. Bitte schreiben Sie den Monat als Wort.",
    exact_time_required="Um wie viel Uhr genau?",
    noon_or_midnight="Meinen Sie mittags oder um Mitternacht?",
    invalid_time="Die Uhrzeit {} gibt es nicht.",
    phone_number_too_short="Diese Nummer ist zu kurz.",
    phone_number_too_long="Diese Nummer ist zu lang.",
    phone_number_incomplete="Diese Nummer ist nicht vollständig.",
    unknown_country_code="Diese Landesvorwahl kenne ich nicht.",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date_format="{day}. {month} {year}",
    word_and="und",
    word_or="oder",
)
