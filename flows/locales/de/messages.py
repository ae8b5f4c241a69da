"""German, with the formal address."""

from __future__ import annotations

from typing import Final

from flows.locales.messages import Sentences

GERMAN: Final = Sentences(
    apologies=(
        "Entschuldigung, hier ist etwas schiefgegangen. Bitte senden Sie Ihre letzte Nachricht noch einmal.",
        "Es tut mir leid, ich kann noch nicht antworten. Bitte versuchen Sie es in ein paar Minuten erneut.",
        "Entschuldigung, das dauert länger, als es sollte. Bitte schreiben Sie etwas später noch einmal.",
    ),
    gave_up="Entschuldigung, bei uns ist etwas schiefgegangen. Bitte schreiben Sie uns gleich noch einmal.",
    overflow="Entschuldigung, es kamen so viele Nachrichten zugleich, dass uns die letzten entgangen sind.",
    refused="Es tut mir leid, dabei kann ich hier nicht helfen.",
    go_on="Ich höre zu. Erzählen Sie bitte mehr.",
    choose="Bitte wählen Sie eine dieser Möglichkeiten.",
    farewell="Danke für Ihre Nachricht. Auf Wiedersehen!",
    closed="Dieses Gespräch ist abgeschlossen. Danke für Ihre Nachricht.",
    spent="Wir schreiben nun schon eine Weile. Ich gebe Sie an eine Kollegin oder einen Kollegen weiter, "
    "die Antwort kommt hier.",
    hand_off="Ich gebe Sie an eine Kollegin oder einen Kollegen weiter, die Antwort kommt gleich hier.",
    other_words="Können Sie das anders sagen?",
    person="Wenn Sie lieber mit einem Menschen sprechen möchten, sagen Sie es einfach.",
    leads=(
        "Entschuldigung, das habe ich nicht verstanden.",
        "Ich kann Ihnen leider noch nicht folgen.",
        "Entschuldigung, ich bin noch nicht sicher, was Sie meinen.",
    ),
    no_files=(
        "Dateien kann ich hier noch nicht öffnen.",
        "Ich kann hier nur Text lesen, bitte keine Dateien.",
    ),
    sent_picture="(hat ein Bild geschickt)",
    sent_film="(hat einen Film geschickt)",
    sent_sound="(hat eine Sprachnachricht geschickt)",
    sent_file="(hat eine Datei geschickt)",
    sent_place="(hat einen Standort geschickt)",
    no_location=(
        "Mit einem Standort kann ich hier nichts anfangen.",
        "Ich kann hier nur Text lesen, keinen Standort.",
    ),
    still_needed="Danke. Es fehlt noch: {}.",
    unlike="Das passt nicht zu: {}.",
    not_yet="Dieser Tag ist noch nicht gekommen.",
    passed="Dieser Tag ist schon vorbei.",
    which_hour="Meinen Sie {0} Uhr morgens oder {0} Uhr nachmittags?",
    which_one="Ich sehe {}. Was davon ist es?",
    whole="Bitte schreiben Sie eine ganze Zahl.",
    at_least="Es ist mindestens {}.",
    at_most="Es ist höchstens {}.",
    more_than="Es ist mehr als {}.",
    less_than="Es ist weniger als {}.",
    too_short="Das ist zu kurz: bitte mindestens {} Zeichen.",
    too_long="Das ist zu lang: bitte höchstens {} Zeichen.",
    too_few="Bitte mindestens {} davon.",
    too_many="Bitte höchstens {} davon.",
    four_digits="Bitte schreiben Sie das Jahr mit vier Ziffern.",
    no_day="Den Tag {} gibt es nicht.",
    long_ago="{} liegt zu lange zurück.",
    far_ahead="{} liegt zu weit in der Zukunft.",
    whole_date="Bitte schreiben Sie Tag, Monat und Jahr.",
    exact_day="An welchem Tag genau?",
    which_day="{} kann {} sein. Bitte schreiben Sie den Monat als Wort.",
    exact_time="Um wie viel Uhr genau?",
    noon_or_midnight="Meinen Sie mittags oder um Mitternacht?",
    no_time="Die Uhrzeit {} gibt es nicht.",
    number_short="Diese Nummer ist zu kurz.",
    number_long="Diese Nummer ist zu lang.",
    number_incomplete="Diese Nummer ist nicht vollständig.",
    number_country="Diese Landesvorwahl kenne ich nicht.",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    day="{day}. {month} {year}",
    word_and="und",
    word_or="oder",
)
