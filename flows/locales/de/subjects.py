"""German words by which a clause is about something else than what was asked."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import SubjectWords, phrases, words

SUBJECTS: Final = SubjectWords(
    determiners=words(
        "der die das mein meine unser unsere sein seine ihr ihre dein deine euer eure den dem "
        "meinen meinem meiner unseren unserem unserer seinen seinem ihren ihrem"
    ),
    owners=words("mein meine meiner meinen meinem unser unsere unserer unseren sein seine seiner ihrer"),
    prepositions=words(
        "in im am an auf aus bei beim mit nach seit von vom vor zu zum zur um über unter für durch gegen ohne "
        "bis ab als wie will möchte brauche nehme nehmen hätte hätten buche buchen wäre bitte lieber"
    ),
    verb_patterns=(
        r"ist|sind|war|waren|hat|haben|wird|werden|muss|müssen|kann|können|geht|fährt|kommt|kommen|schließt"
        r"|macht|nimmt|verlangt|kostet|kosten|läuft|endet|enden|beginnt|beginnen|fängt|startet|landet|fliegt"
        r"|öffnet|dauert|wartet|braucht|trifft|hört|zahlt|findet|steht|fahren|gehen|landen|schließen|öffnen"
        r"|hatte|hatten|dauern|bietet|arbeitet|heiratet|feiert|reist|zieht|ruft|sagt".replace("ß", "ss")
        .replace("ä", "a").replace("ü", "u").replace("ö", "o"),
    ),
    inverted_verb_patterns=(
        r"ist|sind|hat|haben|muss|geht|fahrt|kommt|kommen|schliesst|lauft|endet|beginnt|fangt|startet|landet"
        r"|fliegt|offnet|fahren|trifft|feiert",
    ),
    bare_verbs=words("ist beginnt endet fährt geht schließt öffnet startet landet kostet verlangt war"),
    answer_subjects=words(
        "termin termine buchung reservierung besuch treffen zeit zeitpunkt uhrzeit datum tag tage ankunft "
        "anreise abreise abfahrt hinfahrt hinflug rückfahrt rückflug rückgabe rückkehr abholung gruppe runde team truppe gesamtzahl zahl anzahl summe betrag budget limit "
        "maximum minimum preis beste bester bestes früheste späteste ideal antwort plan idee eine einzige "
        "rest ganze gleiche selbe erste zweite dritte letzte nächste alle alles bestellung reise "
        "aufenthalt kleine kleiner junge mädchen baby kind kinder zwillinge jüngste jüngster älteste "
        "ältester leute gäste erwachsene erwachsenen richtige neue wunsch wunschtag wunschtermin "
        "wunschzeit morgen vormittag mittag nachmittag abend nacht woche wochenende monat jahr heute "
        "name code alter größe farbe handy telefon mail adresse passt gut recht ok wäre klingt reicht gerne "
        "gern super perfekt prima möglich ja nein am um so dann mir uns"
    ),
    speakers=words("ich wir"),
    addressees=words("sie ihr du ihnen euch dir möchten"),
    reason_words=phrases("weil, denn, da, deshalb, daher, dass, während, und"),
    quoting_patterns=(
        r"(?:sie|ihr|du|er|man|es|(?:ihr|ihre|eure|euer|die|der|mein|meine) (?:\w+ )?\w+)(?: (?:mir|uns|ja|doch"
        r"|auch|vorher)){0,2} (?:sagten|sagtet|sagte|sagtest|sagen|meinten|meintet|schrieben|schriebt|schrieb"
        r"|nannten|nannte|nanntet|versprachen|versprach|boten)",
        r"(?:haben|habt|hat|hast|hatten|hattet|wurde) (?:\w+ ){0,6}?(?:gesagt|geschrieben|genannt|versprochen"
        r"|angeboten|erwahnt|mitgeteilt)",
        r"(?:in|auf|bei|im) (?:\w+ ){1,3}(?:steht|stand)",
    ),
    inquiry_patterns=(
        r"(?:macht|nehmt|habt|seid|schliesst|offnet|arbeitet|bietet|fahrt|liefert) (?:ihr|die|der|das) \w+",
        r"(?:machen|nehmen|haben|sind|schliessen|offnen|arbeiten|bieten|fahren|liefern) sie \w+",
        r"gibt es|gibts",
    ),
    openness_words=words(
        "frei freie freien verfügbar was etwas platz plätze zimmer termin termine möglich geht "
        "ginge passt klappt ok okay recht noch gut zeit"
    ),
)
