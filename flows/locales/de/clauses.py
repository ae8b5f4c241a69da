"""German words that bind clauses, deny or reserve."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import ClauseWords, phrases, words

CLAUSES: Final = ClauseWords(
    reservations=phrases(
        "aber, außer, bis auf, abgesehen von, wenn, falls, sofern, solange, es sei denn, sondern, "
        "stattdessen, jedoch, obwohl, allerdings, nur, bevor, nachdem, erst, bis, vorausgesetzt, später, "
        "früher, lieber, vorher, weil, ohne, je nachdem, kommt drauf an"
    ),
    exceptions=phrases(
        "streich, streichen sie, vergiss, vergessen sie, außer, bis auf, ausgenommen, abgesehen von, nur "
        "nicht, aber nicht, ohne"
    ),
    replacements=phrases("lieber als, besser als, statt, anstatt, anstelle von, anstelle, an stelle von"),
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
    errands=phrases(
        "muss noch, muss nur noch, muss erst, muss das noch, muss das erst, muss es noch, muss "
        "es erst, muss vorher, "
        "müssen noch, müssen erst, müssen nur noch, muss ich noch, muss ich erst, will vorher, "
        "will vorher noch"
    ),
    particles=words(
        "da denn hier mal eigentlich einfach auch jetzt mehr gar überhaupt gerade grad halt bloß nur"
    ),
    strict_conditions=phrases("nur wenn, nur falls, es sei denn, sofern, vorausgesetzt, je nachdem"),
    value_condition_patterns=(
        r"^sollte (?:mein|meine|unser|unsere|der|die|das|er|sie|es|alles)\b",
        r"\b(?:wenn|falls|sofern) (?!mögl|moegl|nicht\b|schon\b|überhaupt|nötig|"
        r"(?:es |das |dies |ihnen |euch |dir )*(?:geht|ginge|passt|klappt|recht|möglich|ok|okay|nicht)\b"
        r"|(?:sie|ihr|du) (?:wollen|wollt|willst|möchte|mögen|mögt|können|könnt|kannst|nichts|keine)"
        r"|ich (?:ehrlich|darf|kann|könnte|bitten|fragen))",
    ),
    polite_conditions=phrases("wenn möglich, falls möglich, wenn es möglich ist, wenn's geht"),
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
    conclusions=phrases("also, macht, das macht, zusammen, insgesamt, alles in allem"),
    upper_bounds=phrases("nicht mehr als, höchstens, maximal, bis zu, max, maximum, nicht über"),
    limit_words=words("höchstens maximal maximum limit"),
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
    numbered_nouns=words(
        "tisch zimmer klasse linie bus gleis seite reihe raum kapitel version nummer jahrgang stufe"
    ),
    delays=phrases("jetzt nicht, kommt darauf an"),
    wishes=phrases(
        "ich will, will ich, wollen, wollte, möchte, möchten, mag, brauche, benötige, wünsche, würde gern, "
        "würde gerne, soll, sollen, habe vor, interesse, interessiert, bitte"
    ),
    statements=phrases(
        "kann, konnte, könnte, habe, haben, hab, hatte, ist, sind, war, wurde, wird, geht, ging, weiß, "
        "finde, sehe, verstehe, erinnere, funktioniert, bekomme, bekam, angekommen, erhalten, gibt"
    ),
    clause_starts=phrases(
        "ich will, ich möchte, ich brauche, ich hätte, geben sie mir, gib mir, können sie, kannst du, "
        "verbinden sie"
    ),
    conditions=phrases("wenn, falls, sofern, solange, es sei denn, nachdem, bevor, bis, sobald"),
    negative_questions=phrases(
        "kann ich nicht, könnte ich nicht, können sie nicht, können sie mich nicht, "
        "kann man nicht, gibt es keinen, gibt es keine, gibt es kein, gibt es nicht, "
        "warum kann ich nicht, warum können sie nicht, haben sie keinen, "
        "haben sie keine, kann ich keinen, kann ich keine, darf ich nicht"
    ),
    consent_companions=words(
        "jo top läuft klasse schnell sofort dringend möglichst schnellstmöglich umgehend jemanden jemand "
        "ihn ihm diesen bitte danke vielen dank schön sehr das ist es so alles der die "
        "den ich sie du er kann können sagt sagen meint "
        "mir uns wir hab habe "
        "genehmigt bewilligt freigegeben abgesegnet für "
        "dann mal nur zu also gut super prima perfekt toll wunderbar bestens einverstanden machen mach "
        "machen bestätige bestätigt okay ok und sind einfach jetzt gern gerne freut mich ach oh na guten "
        "hallo aber natürlich unbedingt auf jeden fall passt so los stimmt völlig absolut weiter"
    ),
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
    but_words=words("aber wobei obwohl"),
    setting_words=words("dann mach mache machen setz setze setzen nimm lieber besser doch"),
    because_words=phrases("weil, denn, da"),
    remark_subjects=words("das es"),
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
    amount_modifiers_before=phrases(
        "mindestens, höchstens, maximal, bis zu, mehr als, weniger als, über, unter, etwa, ungefähr, "
        "circa, "
        "ca, fast, rund, die hälfte von, halb, noch, weitere, nicht mehr als"
    ),
    amount_modifiers_after=phrases(
        "mehr, weniger, oder mehr, oder weniger, oder so, mindestens, höchstens, prozent, plus minus"
    ),
    approximations=phrases("etwa, ungefähr, circa, ca, rund, so um die, ungefähre, oder so, zirka, gut"),
    addition_words=words("noch weitere weiteren mehr zusätzliche zusätzlich"),
    bounds_behind=phrases("frühestens, spätestens, aufwärts"),
    second_thoughts=words(
        "mist ups hoppla halt beziehungsweise bzw besser genauer naja sorry moment quatsch spaß scherz"
    ),
    own_words=words("mich mir uns mein meine meinen meinem meiner als"),
    request_starts=phrases(
        "kann ich, könnte ich, können wir, könnten wir, kann man, können sie, könnten sie, kannst du, "
        "könntest du, darf ich, bekomme ich, krieg ich, hätten sie"
    ),
    inflections=words("e en er es em n s"),
    amount_multipliers={"dutzend": 12},
    ranked_nouns=words(
        "stock stockwerk etage og obergeschoss geschoss reihe klasse seite zeile kapitel bahn"
    ),
    ground_words=phrases("erdgeschoss, eg, parterre, ebenerdig"),
    both_phrases=phrases("wir zwei zusammen, zu zweit zusammen, wir beide"),
    minutes_in_words={
        "halbe stunde": 30,
        "eine stunde": 60,
        "viertelstunde": 15,
        "dreiviertelstunde": 45,
        "anderthalb stunden": 90,
    },
    half_units=words("halbes halbe halben"),
    name_words=words("name namen nachname heißen heißt heißt vorname"),
    other_name_words=words("nummer hausnummer adresse straße firma produkt tier tieres hund hundes katze"),
    address_words=words("adresse anschrift straße lieferadresse"),
    place_words=words("ort wohnort stadt"),
    place_introductions=phrases(
        "ich wohne in, wir wohnen in, wohne in, wohnen in, ich bin in, wir sind in, ich komme aus, wir "
        "kommen aus, das ist in, es ist in, in, aus"
    ),
    no_address_words=words(
        "irgendwo nähe bin rolle drauf drum ich wir ihr sie du er man dieselbe gleiche selbe immer schon "
        "bereits kennt haben habt wisst nicht"
    ),
    name_introductions=phrases(
        "ich bin's, ich bins, "
        "an, ich selber, ich selbst, für mich, mich selbst, selbst, selber, "
        "ich heiße, ich heisse, heiße, mein name ist, mein name wäre, mein name, der name ist, name ist, "
        "name, "
        "ich bin der, ich bin die, ich bin, bin der, bin die, das ist, das wäre, auf den namen, auf, "
        "unter, für, "
        "der, die, also, na, ach, äh, ähm, hm, einfach, meine tochter, meinen sohn, mein sohn, meine frau, "
        "mein mann, meinen mann, meine mutter, mein vater, meinen vater, meine freundin, mein freund, "
        "meinen freund"
    ),
    naming_patterns=(
        r"(?:er|sie|es|(?:der|die|das)(?: \w+)?|(?:mein|unser|ihr|sein)\w* \w+) heisst",
        r"(?:sein|ihr|der|unser|dessen|deren)e?(?: \w+)? (?:\w*name) (?:ist|lautet|ware)",
        r"(?:wir|ich) (?:nennen|nenne|rufen|rufe) (?:ihn|sie|es)",
    ),
    naming_end_patterns=(
        r"heisst (?:er|sie|es|(?:der|die|das|(?:mein|unser|ihr|sein)\w*) \w+)",
        r"ist (?:sein|ihr) name",
        r"nennen wir (?:ihn|sie|es)",
    ),
    belonging_words=words("von vom aus bei"),
    name_endings=phrases(
        "mein name, übrigens, ist das, nur so, vielen dank, besten dank, lieben dank, "
        "danke schön, danke sehr, danke im voraus, lg, vg, mfg, haha, freut mich, sehr erfreut, "
        "angenehm, hier, ist mein name, "
        "heiße ich, heiß ich, bin ich, "
        "ist der name, nochmal"
    ),
    birth_words=words("geburtsdatum geboren geburtstag geburt"),
    people_words=words(
        "personen leute gäste erwachsene plätze teilnehmer fahrgäste reisende besucher spieler fahrer "
        "piloten kletterer"
    ),
    people_counts=phrases(
        "für #, zu #, wir sind #, wir sind zu #, # leute, # personen, kommen #, es kommen #, # kommen, "
        "sind wir #, # von uns, es werden #, wir werden #"
    ),
    closing_words=words("dank bedankt danke tschüss verabschiedet auf wiedersehen"),
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
    ordinals=words(
        "erste ersten erster erstes zweite zweiten zweiter dritte dritten dritter vierte vierten vierter "
        "fünfte letzte letzten letzter letztes vorletzte vorletzten"
    ),
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
    owners=words("mein meine meinem meinen unser unsere sein seine ihr ihre"),
    relatives=words(
        "freund freundin freunde bruder brüder schwester schwestern frau mann mutter vater mama papa "
        "eltern "
        "sohn tochter kollege kollegin kollegen nachbar nachbarin nachbarn cousin cousine onkel tante "
        "familie team mitbewohner mitbewohnerin partner partnerin chef chefin kinder oma opa"
    ),
    saying_words=words("sagt sagte meint meinte"),
    deed_verbs=words(
        "brachte ließ blieb hatten hat hatte macht machte machen nimmt nahm kommt kam geht ging wohnt "
        "arbeitet spielt fährt fuhr haben "
        "benutzt liebt zahlt zahlte bezahlt bucht buchte kauft kaufte war immer meistens"
    ),
    hypotheses=phrases(
        "was wäre wenn, und wenn, was wenn, wenn ich, wenn wir, falls ich, falls wir, angenommen, mal "
        "angenommen, "
        "was kostet, was kosten, was würde, wie viel kostet, wieviel kostet, wie teuer, teurer, billiger, "
        "günstiger, kostet das, kostet es, wäre das, wäre es"
    ),
    contact_verbs=phrases("sprechen, reden, verbinden, verbinde, verbindet, durchstellen, weiterleiten"),
    count_phrases=phrases("wie viele, wieviele, die zahl der, die anzahl der, anzahl"),
    unit_abbreviations={
        "cm": "zentimet",
        "km": "kilomet",
        "kg": "kilo",
        "gb": "gigabyte",
        "std": "stunde",
        "min": "minute",
        "kwh": "kilowatt",
    },
    unit_words=words(
        "minute minuten min stunde stunden std tag tage tagen nacht nächte nächten woche wochen monat "
        "monate monaten jahr jahre jahren euro euros cent prozent km kilometer mal"
    ),
    complaint_words=words(
        "kompliziert nervig nervt nervend blöd doof albern lästig umständlich verrückt schwierig unsinn"
    ),
    state_words=words(
        "beschäftigt hungrig müde spät dringend unterwegs krank verwirrt arbeit lächerlich besitzer "
        "besitzerin "
        "inhaber inhaberin stammgast kunde kundin mieter mieterin"
    ),
    no_name_starts=phrases("ich habe, ich hab, ich war, wir sind, rufen sie, ruf mich, ruft mich"),
    mistakes=phrases(
        "ich habe einen fehler gemacht, hab einen fehler gemacht, ich habe mich vertippt, hab mich "
        "vertippt, "
        "ich habe mich vertan, hab mich vertan, mein fehler"
    ),
    statement_patterns=(r"when (?:i|we|it|the|my)\b",),
    remark_starts=phrases(
        "zu viele, lauter, wie viele, so viele, warum, wieso, weshalb, wozu, wofür, was ihr alles, was "
        "sie alles"
    ),
    question_nouns=words("frage fragen"),
    announcing_words=words("kurze kurz kleine eine ne mal vorab vorher erst zuerst noch andere blöde"),
    whether_words=phrases("ob"),
    indirect_questions=phrases("wissen, erfahren, sagen sie mir, sag mir, fragen"),
    other_way_patterns=(
        r"(?:bitte |lieber |nur )*(?:per|via) (?:post|brief|mail|e-?mail|telefon|sms|whatsapp)"
        r"(?:,? (?:bitte|lieber|reicht|(?:ist|wäre?) besser))?",
    ),
    code_words=words("kennzeichen nummer code kennung zeichen"),
    comparison_words=words(
        "unterschied unterschiede unterschiedlich unterscheidet unterscheiden vergleich verglichen"
    ),
    inquiry_starts=phrases(
        "nehmt ihr, nehmen sie, habt ihr, haben sie, gibt es, gibts, geht auch, warum, was ist, was "
        "sind, was kostet, "
        "was kosten, wie ist, wie sind, wie viel, wieviel, wie teuer, wo ist, wo sind, wer ist, wann ist, "
        "welche ist, welcher ist, welches ist, was heißt, was bedeutet"
    ),
    money_words=words("euro euros cent"),
    money_questions=words("ausgeben kosten kostet preis zahlen bezahlen budget betrag wert geld"),
    per_words=phrases("die, pro, in der, im, je, jede, jeden"),
    fault_words=words("verkehrt geschrieben fehlt anders andere geändert"),
    naming_phrases=phrases("ist, war, wäre, lautet, heißt, muss, sollte, sind"),
    count_alone={
        "zu zweit": 2,
        "zu dritt": 3,
        "zu viert": 4,
        "zu funft": 5,
        "zu sechst": 6,
        "zu siebt": 7,
        "zu acht": 8,
    },
    name_statements=phrases("ich heiße, mein name ist, ich bin der, ich bin die"),
    sure_introductions=words("heiße unter name"),
    infinitive_ending="en",
    verb_prefixes=phrases("ein, ab, auf, aus, an, vor, zu, um, fest, durch, mit, weiter, zurück, los"),
    joins_words=True,
    age_words=words("alt alter"),
    age_changes=phrases("wird, werde, werden, fast, beinahe"),
    age_units=words("jahr jahre jahren alt"),
    move_words=words(
        "verschieben verschiebe verlegen umbuchen ändern umlegen vorverlegen tauschen absagen kann stornieren"
    ),
    target_words=phrases("auf, auf den, auf die, lieber am"),
    ending_words=words(
        "abbrechen stopp stoppen aufhören beenden stornieren absagen kündigen abbestellen widerrufen"
    ),
    hypothetical_starts=phrases(
        "wenn ich, wenn wir, wenn man, falls ich, falls wir, sollte ich, sollten wir, was wenn, und wenn"
    ),
    offer_patterns=(r"\b(?:soll|sollen|darf|durfen) (?:ich|wir) [^?]*?(\w+en)\?",),
    obligations=phrases("muss, müssen, müsste, soll, sollen, sollte, bitte, lass uns, lassen wir"),
    generalities=phrases(
        "jederzeit, später, noch, danach, nachher, hinterher, kostenlos, gratis, immer, "
        "irgendwann, kurzfristig, "
        "zwischendurch"
    ),
    halting_words=words("stopp stop halt"),
    giving_up=phrases(
        "nichts mehr, reicht, zu teuer, zu lang, zu lange, zu kompliziert, keine lust, lass mich, "
        "lassen sie mich, anders überlegt, nochmal überlegt, noch mal überlegt, genug, "
        "bleiben lassen"
    ),
    undo_words=words("absagen stornieren canceln"),
)
