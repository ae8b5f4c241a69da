"""German words by which a clause is about something else than what was asked."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.subject_words import SubjectWords

SUBJECTS: Final = SubjectWords(
    determiners=words(
        "der die das mein meine unser unsere sein seine ihr ihre dein deine euer eure den dem "
        "meinen meinem meiner unseren unserem unserer seinen seinem ihren ihrem"
    ),
    owners=words("mein meine meiner meinen meinem unser unsere unserer unseren sein seine seiner ihrer"),
    prepositions=words(
        "in im am an auf aus bei beim mit nach seit von vom vor zu zum zur um über unter für durch "
        "gegen ohne "
        "bis ab als wie will möchte brauche nehme nehmen hätte hätten buche buchen wäre bitte lieber"
    ),
    verb_patterns=(
        r"ist|sind|war|waren|hat|haben|hatten?|wird|werden|wurde|muss|mussen|kann|konnen|geht|gehen"
        r"|fahrt|fahren"
        r"|kommt|kommen|schliesst|schliessen|offnet|offnen|macht|nimmt|verlangt|kostet|kosten|lauft"
        r"|endet|enden"
        r"|beginnt|beginnen|fangt|startet|landet|landen|fliegt|dauert|dauern|wartet|braucht|trifft|hort"
        r"|zahlt"
        r"|findet|steht|bietet|arbeitet|heiratet|feiert|reist|zieht|ruft|sagt|liegt|bleibt|fallt|holt"
        r"|bringt"
        r"|spielt|tagt|tritt|gilt|bekommt|kriegt",
    ),
    inverted_verb_patterns=(
        r"ist|sind|hat|haben|muss|geht|fahrt|kommt|kommen|schliesst|lauft|endet|beginnt|fangt|startet"
        r"|landet"
        r"|fliegt|offnet|fahren|trifft|feiert",
    ),
    bare_verbs=words("ist beginnt endet fährt geht schließt öffnet startet landet kostet verlangt war"),
    answer_subjects=words(
        "termin termine buchung reservierung besuch treffen zeit zeitpunkt uhrzeit datum tag tage ankunft "
        "anreise abreise abfahrt hinfahrt hinflug rückfahrt rückflug rückgabe rückkehr abholung gruppe "
        "runde team truppe gesamtzahl zahl anzahl summe betrag budget limit maximum minimum preis ideal "
        "antwort plan idee eine einzige rest alle alles reise aufenthalt kleine kleiner junge mädchen baby "
        "kind kinder zwillinge jüngste jüngster älteste ältester leute gäste erwachsene erwachsenen wunsch "
        "wunschtag wunschtermin wunschzeit vormittag mittag nachmittag abend nacht woche wochenende monat "
        "heute alter größe farbe passt gut recht ok wäre klingt reicht gerne gern super perfekt prima "
        "möglich ja nein am um so dann mir uns"
    ),
    answer_adjectives=words(
        "beste bester bestes früheste späteste ganze gleiche selbe erste zweite dritte letzte nächste "
        "richtige neue"
    ),
    speakers=words("ich wir"),
    addressees=words("sie ihr du ihnen euch dir möchten"),
    reason_words=phrases("weil, denn, da, deshalb, daher, dass, während, und"),
    quoting_patterns=(
        r"(?:sie|ihr|du|er|man|es|(?:ihr|ihre|eure|euer|die|der|mein|meine) (?:\w+ )?\w+)(?: (?:mir|uns"
        r"|ja|doch"
        r"|auch|vorher)){0,2} (?:sagten|sagtet|sagte|sagtest|sagen|meinten|meintet|schrieben|schriebt"
        r"|schrieb"
        r"|nannten|nannte|nanntet|versprachen|versprach|boten)",
        r"(?:haben|habt|hat|hast|hatten|hattet|wurde) (?:\w+ ){0,6}?(?:gesagt|geschrieben|genannt"
        r"|versprochen"
        r"|angeboten|erwahnt|mitgeteilt)",
        r"(?:in|auf|bei|im) (?:\w+ ){1,3}(?:steht|stand)",
    ),
    quoted_starts=words("dass"),
    inquiry_patterns=(
        r"^(?:wer|warum|wieso|weshalb)\b",
        r"(?:macht|nehmt|habt|seid|schliesst|offnet|arbeitet|bietet|fahrt|liefert) (?:ihr|die|der|das) \w+",
        r"(?:machen|nehmen|haben|sind|schliessen|offnen|arbeiten|bieten|fahren|liefern) sie \w+",
        r"gibt es|gibts",
    ),
    openness_words=words(
        "frei freie freien verfügbar was etwas platz plätze zimmer termin termine möglich geht "
        "ginge passt klappt ok okay recht noch gut zeit"
    ),
)
