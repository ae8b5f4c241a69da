"""German words of wishes, doubts, questions, remarks and endings."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.speech_act_words import SpeechActWords

SPEECH_ACTS: Final = SpeechActWords(
    wishes=phrases(
        "ich will, will ich, wollen, wollte, möchte, möchten, mag, brauche, benötige, wünsche, würde gern, "
        "würde gerne, soll, sollen, habe vor, interesse, interessiert, bitte"
    ),
    waiting=phrases(
        "warte, warten, warten sie, moment, augenblick, einen moment, sekunde, eine sekunde, minute, "
        "eine minute, kurz warten, noch nicht, gleich, noch etwas, bin gleich zurück, sek, wart, wart mal, "
        "wart kurz, lass mich überlegen, muss überlegen, lass mich nachdenken, lass mich schauen"
    ),
    doubts=phrases(
        "vielleicht, nicht sicher, eventuell, ich glaube, ich denke, wahrscheinlich, glaub ich, "
        "glaube ich, denk ich, "
        "denke ich, ich glaub, ich denk, vermutlich, möglicherweise, womöglich, könnte sein, kann sein, "
        "können auch, könnten auch"
    ),
    delays=phrases("jetzt nicht, kommt darauf an"),
    objection_patterns=(
        r"\b(?:ware?|wars?) (?:\w+ )?(?:gelogen|ubertrieben|geschwindelt|geschmeichelt|zu viel gesagt"
        r"|\w*luge|\w*ubertreibung)\b",
        r"\b(?:ausverkauft|hasse|nicht ausstehen|gefallt mir nicht|letzte wahl)\b",
        r"\b(?:ist|sind|ware|waren) (?:leider |auch |eher |ganz )?(?:unmoglich|schlecht|ausgeschlossen"
        r"|ungunstig|falsch|verkehrt"
        r"|schwierig|voll|belegt|ausgebucht)\b|\ballergisch\b|(?<!noch )\bnie\b|\b(?:bin|sind) (?:ich "
        r"|wir )?(?:leider )?(?:weg|verhindert"
        r"|verreist|beschaftigt|im urlaub)\b",
        r"\b(?:es|wir|das) konnten? (?:\w+ ){1,3}(?:werden|sein)\b",
    ),
    excess_patterns=(
        r"\b(?:anderen termin|schon was vor|schon etwas vor|feierabend|muss ich arbeiten|muss arbeiten"
        r"|erst schluss|ist mein freier tag)\b",
        r"\bzu (?:viel\w*|wenig\w*|klein\w*|gross\w*|lang\w*|kurz\w*|fruh|spat|teuer|eng|weit|hoch"
        r"|niedrig)\b",
        r"\b(?:fallen|fallt) (?:\w+ ){0,3}(?:klein|gross|kurz|lang) aus\b|\b(?:abgesagt|ausgefallen"
        r"|abgesprungen)\b",
    ),
    outdated_patterns=(
        r"\bnicht mehr\b|\bwar (?:die|meine|unsere) (?:alte|vorherige|fruhere)\b|\b(?:alte|vorherige"
        r"|fruhere)(?: \w+)? (?:war|ist|lautete)\b",
        r"\bist nicht (?:meine|unsere)\b",
    ),
    second_thoughts=words(
        "mist ups hoppla halt beziehungsweise bzw besser genauer naja sorry moment quatsch spaß scherz"
    ),
    remark_subjects=words("das es"),
    remark_starts=phrases(
        "zu viele, lauter, wie viele, so viele, warum, wieso, weshalb, wozu, wofür, was ihr alles, was "
        "sie alles"
    ),
    mistakes=phrases(
        "ich habe einen fehler gemacht, hab einen fehler gemacht, ich habe mich vertippt, hab mich "
        "vertippt, "
        "ich habe mich vertan, hab mich vertan, mein fehler"
    ),
    fault_words=words("verkehrt geschrieben fehlt anders andere geändert"),
    request_starts=phrases(
        "kann ich, könnte ich, können wir, könnten wir, kann man, können sie, könnten sie, kannst du, "
        "könntest du, darf ich, bekomme ich, krieg ich, hätten sie"
    ),
    negative_questions=phrases(
        "kann ich nicht, könnte ich nicht, können sie nicht, können sie mich nicht, "
        "kann man nicht, gibt es keinen, gibt es keine, gibt es kein, gibt es nicht, "
        "warum kann ich nicht, warum können sie nicht, haben sie keinen, "
        "haben sie keine, kann ich keinen, kann ich keine, darf ich nicht"
    ),
    inquiry_starts=phrases(
        "nehmt ihr, nehmen sie, habt ihr, haben sie, gibt es, gibts, geht auch, warum, was ist, was "
        "sind, was kostet, "
        "was kosten, wie ist, wie sind, wie viel, wieviel, wie teuer, wo ist, wo sind, wer ist, wann ist, "
        "welche ist, welcher ist, welches ist, was heißt, was bedeutet"
    ),
    question_nouns=words("frage fragen"),
    announcing_words=words("kurze kurz kleine eine ne mal vorab vorher erst zuerst noch andere blöde"),
    topics=(
        phrases(
            "kost, koste, was kostet, wie viel kostet, wieviel kostet, kosten, kostet, preis, "
            "preise, teuer, gebühr, "
            "wie viel ist, bezahlen, zahlen"
        ),
        phrases(
            "offen, geöffnet, öffnungszeiten, macht ihr auf, macht ihr zu, habt ihr auf, öffnet, schließt"
        ),
        phrases("wo seid ihr, wo sind sie, wo ist das, adresse, wo genau, wie komme ich, wo finde ich"),
        phrases("wie lange, wie lang, dauert, dauer, wann bekomme ich"),
        phrases("parken, parkplatz, parkplätze, parkhaus, garage"),
        phrases("haustier, haustiere, hund, hunde, katze, katzen"),
        phrases("foto, fotos, bild, bilder"),
        phrases("wlan, wifi, internet"),
        phrases("kind, kinder, kids"),
    ),
    comparison_words=words(
        "unterschied unterschiede unterschiedlich unterscheidet unterscheiden vergleich verglichen"
    ),
    other_way_patterns=(
        r"(?:bitte |lieber |nur )*(?:per|via) (?:post|brief|mail|e-?mail|telefon|sms|whatsapp)"
        r"(?:,? (?:bitte|lieber|reicht|(?:ist|wäre?) besser))?",
    ),
    move_words=words(
        "verschieben verschiebe verlegen umbuchen ändern umlegen vorverlegen tauschen absagen kann stornieren"
    ),
    change_words=words("ändern änder ändere änderung korrigieren korrigiere anpassen bearbeiten"),
    change_objects=words("was etwas noch das es"),
    target_words=phrases("auf, auf den, auf die, lieber am"),
    ending_words=words(
        "abbrechen stopp stoppen aufhören beenden stornieren absagen kündigen abbestellen widerrufen"
    ),
    undo_words=words("absagen stornieren canceln"),
    halting_words=words("stopp stop halt"),
    giving_up=phrases(
        "nichts mehr, reicht, zu teuer, zu lang, zu lange, zu kompliziert, keine lust, lass mich, "
        "lassen sie mich, anders überlegt, nochmal überlegt, noch mal überlegt, genug, "
        "bleiben lassen"
    ),
    offer_patterns=(r"\b(?:soll|sollen|darf|durfen) (?:ich|wir) [^?]*?(\w+en)\?",),
    transfer_promises=(
        r"\bich (?:verbinde|leite|ubergebe|stelle|gebe)\b(?: \w+){0,4} "
        r"(?:person|mensch\w*|mitarbeiter\w*|kolleg\w*|team|kundenservice|weiter|durch)",
    ),
    action_claims=(
        r"\b(?:ich habe|wir haben)\b(?: \w+){0,5} "
        r"(?:gebucht|bestellt|storniert|reserviert|geandert|erstattet|"
        r"uberwiesen|abgeschickt|eingetragen|bestatigt)\b",
        r"\bihre? (?:\w+ ){1,3}(?:wurde|ist|wird) (?:\w+ "
        r"){0,2}(?:gebucht|bestellt|storniert|reserviert|geandert|"
        r"erstattet|abgeschickt|eingetragen|bestatigt|aufgegeben)\b",
    ),
)
