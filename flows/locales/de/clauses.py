"""German words that begin, bind or reserve clauses."""

from __future__ import annotations

from typing import Final

from flows.locales.clause_words import ClauseWords
from flows.locales.folding import phrases, words

CLAUSES: Final = ClauseWords(
    clause_starts=phrases(
        "ich will, ich möchte, ich brauche, ich hätte, geben sie mir, gib mir, können sie, kannst du, "
        "verbinden sie"
    ),
    reservations=phrases(
        "aber, außer, bis auf, abgesehen von, wenn, falls, sofern, solange, es sei denn, sondern, "
        "stattdessen, jedoch, obwohl, allerdings, nur, bevor, nachdem, erst, bis, vorausgesetzt, später, "
        "früher, lieber, vorher, weil, ohne, je nachdem, kommt drauf an, fast richtig, fast, beinahe, "
        "nahezu, na ja, "
        "vorerst, erstmal, erst mal, fürs erste, für den moment, im moment, momentan, vorläufig, "
        "einstweilen, "
        "zunächst, unter vorbehalt, im prinzip, grundsätzlich, unter der bedingung, denke ja, denk ja, müsste"
    ),
    others_words=phrases("er sagt, sie sagt, sie sagen, er sagte, sie sagte, er meint, sie meint"),
    exceptions=phrases(
        "streich, streichen sie, vergiss, vergessen sie, außer, bis auf, ausgenommen, abgesehen von, nur "
        "nicht, aber nicht, ohne"
    ),
    preferences=phrases("lieber, eher"),
    than_words=phrases("als"),
    replacements=phrases("lieber als, besser als, statt, anstatt, anstelle von, anstelle, an stelle von"),
    because_words=phrases("weil, denn, da"),
    conditions=phrases("wenn, falls, sofern, solange, es sei denn, nachdem, bevor, bis, sobald"),
    strict_conditions=phrases("nur wenn, nur falls, es sei denn, sofern, vorausgesetzt, je nachdem"),
    value_condition_patterns=(
        r"^sollte (?:mein|meine|unser|unsere|der|die|das|er|sie|es|alles)\b",
        r"\b(?:wenn|falls|sofern) (?!mögl|moegl|nicht\b|schon\b|überhaupt|nötig|"
        r"(?:es |das |dies |ihnen |euch |dir )*(?:geht|ginge|passt|klappt|recht|möglich|ok|okay"
        r"|nicht(?! (?:zu|so|sehr) (?!viel|spät|weit)\w))\b"
        r"|(?:sie|ihr|du) (?:wollen|wollt|willst|möchte|mögen|mögt|können|könnt|kannst|nichts|keine)"
        r"|ich (?:ehrlich|darf|kann|könnte|bitten|fragen))",
    ),
    polite_conditions=phrases("wenn möglich, falls möglich, wenn es möglich ist, wenn's geht"),
    hypotheses=phrases(
        "was wäre wenn, und wenn, was wenn, wenn ich, wenn wir, falls ich, falls wir, angenommen, mal "
        "angenommen, "
        "was kostet, was kosten, was würde, wie viel kostet, wieviel kostet, wie teuer, teurer, billiger, "
        "günstiger, kostet das, kostet es, wäre das, wäre es"
    ),
    hypothetical_starts=phrases(
        "wenn ich, wenn wir, wenn man, falls ich, falls wir, sobald ich, sobald wir,  sollte ich, "
        "sollten wir, was wenn, und wenn"
    ),
    obligations=phrases("muss, müssen, müsste, soll, sollen, sollte, bitte, lass uns, lassen wir"),
    generalities=phrases(
        "jederzeit, später, noch, danach, nachher, hinterher, kostenlos, gratis, immer, "
        "irgendwann, kurzfristig, "
        "zwischendurch"
    ),
    statements=phrases(
        "kann, konnte, könnte, habe, haben, hab, hatte, ist, sind, war, wurde, wird, geht, ging, weiß, "
        "finde, sehe, verstehe, erinnere, funktioniert, bekomme, bekam, angekommen, erhalten, gibt"
    ),
    statement_patterns=(r"when (?:i|we|it|the|my)\b",),
    whether_words=phrases("ob"),
    indirect_questions=phrases("wissen, erfahren, sagen sie mir, sag mir, fragen"),
    past_phrases=phrases(
        "war geplant, war vereinbart, war für, "
        "letztes mal, letztes jahr, letztes jahr, letzte woche, letzten monat, letzten sommer, "
        "letzten winter, beim letzten, bei der letzten, waren es, das letzte mal, voriges jahr, vorige "
        "woche, gestern, vorgestern, "
        "neulich, damals, früher habe, früher hatte, früher war, ich war, war ich, wir waren, waren wir, "
        "ich hatte mal, wir hatten, hatten wir, mein geburtstag, meinem geburtstag, normalerweise, "
        "meistens, sonst immer"
    ),
    past_patterns=(
        r"(?:habe|hab|haben|hatten|bin|sind|war|waren) (?:\w+ ){1,9}?"
        r"(?!geboren|geoffnet|geschlossen|gegangen)ge\w{2,}(?:t|en)",
    ),
    past_question_words=words("passiert geschehen war hat wurde verloren kaputt gestohlen"),
    said_words=words("gesagt gemeint gedacht gehofft geschrieben entschieden gesucht überlegt jetzt nun"),
    saying_words=words("sagt sagte meint meinte"),
    action_verbs=words(
        "brachte ließ blieb hatten hat hatte macht machte machen nimmt nahm kommt kam geht ging wohnt "
        "arbeitet spielt trägt fährt fuhr haben "
        "benutzt liebt zahlt zahlte bezahlt bucht buchte kauft kaufte war immer meistens"
    ),
    wish_verbs=phrases("will, wollte, möchte, mag, hätte gern, hätte gerne, bevorzugt, wünscht sich"),
    third_persons=words("er sie"),
    particles=words(
        "da denn hier mal eigentlich einfach auch jetzt mehr gar überhaupt gerade grad halt bloß nur"
    ),
    consent_companions=words(
        "jo top läuft klasse schnell sofort dringend möglichst schnellstmöglich umgehend jemanden jemand "
        "ihn ihm diesen bitte danke vielen dank schön sehr das ist es so alles der die "
        "den ich sie du er kann können sagt sagen meint "
        "mir uns wir hab habe "
        "genehmigt bewilligt freigegeben abgesegnet für "
        "dann mal nur zu also gut super prima perfekt toll wunderbar bestens einverstanden machen mach "
        "machen bestätige bestätigt okay ok und sind einfach jetzt gern gerne freut mich ach oh na guten "
        "hallo aber natürlich unbedingt auf jeden fall passt so los stimmt völlig absolut weiter ähm äh hm "
        "hmm mei eh "
        "bin damit wäre termin geht ganz hätte will dabei"
    ),
    hesitations=words("ähm äh hm hmm mei eh oh ach na also termin der die den ich wir hätte"),
    value_companions=words(
        "halt eben einfach sofort gleich insgesamt zusammen gesamt soll solls soll's sollte sollen wär's "
        "wärs "
        "ja nein nee ok okay gut besser am um gegen den dem das die der dann doch lieber eher sondern "
        "passt passen geht ginge gehe würde wäre bitte danke gern gerne möchte will hätte nehme nehmen "
        "buchen termin uhr tag datum uhrzeit früh morgen abend mittag nachmittag vormittag heute nächste "
        "nächsten nächster nächstes kommenden kommende kommender diesen dieser dieses woche ab vielleicht "
        "meine mein meinte nicht kein auch aber geboren geburtsdatum geburtstag nummer telefonnummer "
        "handynummer telefon ziffern karte endet endung lautet heißt code bestellnummer "
        "abends morgens nachmittags vormittags mittags nachts mitternacht ankommen anreisen reise reisen "
        "beginnen beginne starten treffen besuch kommen anfangen "
        "wär wäre wärs gings ging machen mach verschieben ändern falsch richtig entschuldigung sorry "
        "moment warte also ach "
        "letzten vier ganz genau noch wieder andere anderen neue hier frei möglich so vor nach mal komme "
        "montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend es geht's "
        "erst schaff schaffe schaffen"
    ),
    code_companions=words(
        "nummer nummern ziffern ziffer karte karten endet enden endung letzten letzte vier lautet lauten "
        "heißt sind ist meinte meine meint nein doch nicht aber ja ok okay bitte danke hier das "
        "entschuldigung sorry bestellnummer bestellung code kundennummer konto neue andere richtig "
        "richtige korrektur moment warte also sondern dann noch rechnung plz postleitzahl zimmer tisch "
        "kennung"
    ),
    value_links=words("ab am um gegen für ist und oder dann den mit zum auf an bis"),
    value_connectors=words(
        "ein eine einen für mit weil wegen und oder dann um am bitte gegen zur zum ich wir wäre passt "
        "geht ist da wenn würde"
    ),
)
