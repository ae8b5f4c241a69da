"""German words for the recognizers."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import (
    AnswerWords,
    DateWords,
    Lexicon,
    NumberWords,
    TimeWords,
    alternatives,
    numbered,
    phrases,
    words,
)

_SMALL_NUMBERS = numbered(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig"
)
_SHORT_WEEKDAYS = numbered("mo di mi do fr sa so")
_WEEKDAY_PATTERN = r"(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)"

_ANSWERS = AnswerWords(
    yes=words("ja jo jup jawohl jawoll joh jepp jep joa jau"),
    no=words("nein ne nee nö nope"),
    lone_no=words("nein nee nope"),
    modal_particles=words("ja ne"),
    correct=words("richtig korrekt wahr einverstanden stimmt passt"),
    emphatic_yes=words("selbstverständlich perfekt jep jepp joa gern okay genau klar gerne natürlich sicher"),
    incorrect=words("falsch nie niemals"),
    intensifiers=words("ganz gar leider überhaupt wirklich so"),
    yes_phrases=phrases(
        "aber natürlich, aber gern, aber gerne, aber klar, aber sicher, nur zu, kein problem, keine "
        "frage, keine einwände, auf jeden fall, warum nicht, ohne zweifel, in ordnung, mach das, machen "
        "sie das, machen wir so, so machen wir es, so machen wir das, mach ruhig, von mir aus, "
        "sehr gerne, sehr gern, mit vergnügen, geht klar, alles klar, das passt, leg los, legen sie los, "
        "sieht gut aus, klingt gut, alles bestens, sehr gut, hört sich gut an, gefällt mir, "
        "alles gut, nicht schlecht, wäre nicht schlecht, wär nicht schlecht"
    ),
    no_phrases=phrases(
        "auf keinen fall, auf gar keinen fall, natürlich nicht, sicher nicht, bestimmt nicht, keinesfalls, "
        "stimmt nicht, stimmt so nicht, stimmt leider nicht, passt nicht, passt mir nicht, leider nicht, "
        "leider nein, lieber nicht, besser nicht, eher nicht, zum glück nicht, zum glück keine, "
        "zum glück keinen, gott sei dank nicht, gott sei dank keine, nicht dass ich wüsste"
    ),
    doubt_phrases=phrases(
        "nicht sicher, nicht ganz sicher, nicht klar, keine ahnung, weiß nicht, weiß ich nicht, "
        "weiß es nicht, wissen wir nicht, wissen wir noch nicht, weiß noch nicht, weiß ich noch nicht, "
        "noch nicht, jetzt nicht, vielleicht, kommt darauf an"
    ),
    yes_alone=words("doch j"),
    no_alone=words("n"),
    not_yet=phrases("noch nicht, bisher nicht, bislang nicht, noch nie, bisher noch nicht"),
    generic=words("hallo nichts hilfe frage super"),
)

_NUMBERS = NumberWords(
    text2num_code="de",
    by_name={
        **_SMALL_NUMBERS,
        **numbered("dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 30, 10),
    },
    positions={
        **numbered("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", 1),
        **numbered("erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte", 1),
    },
    scales={"hundert": 100, "tausend": 1_000, "millionen": 1_000_000},
    decimal_comma=True,
    decimal_words=words("komma"),
    minus=words("minus"),
    choice_words=words("option nummer"),
    choice_abbreviations=words("nr"),
    spellings={"funf": "fünf", "zwolf": "zwölf"},
    not_alone=words("ein"),
    half_numbers={"anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5},
)

_DATES = DateWords(
    months=alternatives(
        "januar jänner jan, februar feb, märz mar, april apr, mai, juni jun, juli jul, august aug, "
        "september sept sep, oktober okt, november nov, dezember dez"
    ),
    weekdays=alternatives("montag, dienstag, mittwoch, donnerstag, freitag, samstag sonnabend, sonntag"),
    short_weekdays=_SHORT_WEEKDAYS,
    short_weekday_patterns=(
        rf"(?:(?<= am )|(?<=^ )(?!so ))(?P<short>{'|'.join(_SHORT_WEEKDAYS)})(?= (?:$|; ))",
    ),
    near_days={
        "heute": 0,
        "heut": 0,
        "morgen": 1,
        "ubermorgen": 2,
        "gestern": -1,
        "gestern abend": -1,
        "letzte nacht": -1,
        "vorgestern": -2,
        "heute morgen": 0,
    },
    month_may_come_first=False,
    dotted_dates=True,
    articles=phrases("den, der"),
    day_prepositions=phrases("am"),
    counts={
        **numbered("ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", 1),
        "vierzehn": 14,
        "funfzehn": 15,
        "zwanzig": 20,
        "dreissig": 30,
        "einem": 1,
        "einen": 1,
        "einer": 1,
        "eine": 1,
    },
    day_unit_patterns=(r"tage?n?",),
    week_unit_patterns=(r"wochen?",),
    in_words=phrases("in"),
    after_words=phrases("nach, ab"),
    now_words=phrases("jetzt"),
    next_week=phrases("nächste woche, kommende woche"),
    this_words=phrases("diesen"),
    bound_words=phrases("vor, nach, ab, bis, spätestens, frühestens"),
    bound_articles=phrases("am, dem, den, zum"),
    recurrence_words=phrases("jeden, jeder, immer"),
    contrast_words=phrases("sondern, aber"),
    ago_before_words=phrases("vor"),
    bare_day_patterns=(r"(?:am|den|dem|der|vom|zum) (?P<number>\d{1,2}) [.;]",),
    day_of_month_patterns=(
        r"(?:den |der )?(?P<number>\d{1,2})(?:te[nr]?| ;)",
        r"(?:den|der) (?P<number>\d{1,2})",
    ),
    last_before_words=phrases("letzten, vergangenen"),
    near_day_not_after=phrases("am"),
    near_day_after_weekday=phrases("morgen"),
    compound_weekday_patterns=(rf"({_WEEKDAY_PATTERN})(?:morgen|(?:vor|nach)?mittag|abend|fruh)",),
    correctable_near_days=phrases("übermorgen"),
    vague_days=phrases(
        "nächste woche, diese woche, kommende woche, wochenende, weihnachten, ostern, "
        "pfingsten, nächsten monat"
    ),
    start_words=words("ab seit"),
    start_question_words=words(
        "ab erste ersten erster beginn beginnen anfang anfangen start starten anreise seit"
    ),
    start_verbs=words("hole holen holt abholen"),
    end_verbs=words("bringe bringen bringt gebe geben gibt zurückbringen zurückgeben"),
    end_question_words=words(
        "zurück rückkehr rückgabe rückreise ende enden bis abreise abreisen letzter letzten"
    ),
    day_shifts=phrases(
        "tag davor, tag danach, tag vorher, tag zuvor, am tag vor, am tag "
        "nach, tage davor, tage vorher, tage danach, am vortag, abend davor, abend "
        "vorher, woche davor, woche danach, am nächsten tag, am folgetag"
    ),
)

_TIMES = TimeWords(
    hours={
        **numbered(
            "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn "
            "vierzehn fünfzehn sechzehn "
            "siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig",
            1,
        ),
        "ein": 1,
    },
    minutes={"viertel": 15, "dreissig": 30, "zwanzig": 20, "zehn": 10, "funf": 5},
    prepositions=phrases("um"),
    approximate_prepositions=phrases("gegen"),
    clock_24h_patterns=(r"uhr", r"h"),
    article_hours=words("ein"),
    past_words=phrases("nach"),
    to_words=phrases("vor"),
    minute_unit_patterns=(r"min(?:ute)?n?",),
    fractions={"halb": 30, "dreiviertel": 15, "viertel": 0},
    hour_minute_separators=phrases("uhr"),
    range_leads=phrases("zwischen, von"),
    range_links=phrases("bis, und, oder"),
    choice_links=phrases("und, oder"),
    second_time_prefixes=phrases("um"),
    negated_prepositions=phrases("vor, nach"),
    noon_patterns=(r"mittags?",),
    midnight_patterns=(r"mitternachts?",),
    noon_period_prefixes=phrases("mittag"),
    day_periods={
        "early": (r"morgens", r"vormittags?", r"(?:in der )?fruh", r"am (?:morgen|vormittag)"),
        "late": (r"nachmittags?", r"abends?", r"am (?:nachmittag|abend)"),
        "night": (r"nachts", r"in der nacht"),
        "noon": (r"mittags",),
    },
    answer_prefixes=phrases("ja, am, um"),
    hour_answer="um {hour} {period}",
    period_answers={"morgen": "morgens"},
    not_after_hour_patterns=(
        r"personen\b", r"leute\b", r"euros?\b", r"stunden?\b", r"minuten?\b", r"tagen?\b", r"wochen?\b",
    ),
    counted_noun_prefixes=phrases("person, leute, gast, gäste, euro, minute, stunde"),
    meridiem_exception_patterns=(
        rf"{_WEEKDAY_PATTERN}", r"sonnabend", r"\d", r"tag\b", r"(?:vor|nach)mittag", r"morgen", r"abend",
    ),
)  # fmt: skip

LEXICON: Final = Lexicon(
    names=words("deutsch german allemand aleman"),
    also_reads=("en",),
    region="DE",
    fillers=words(
        "aber als an auch auf aus bei bin bitte bist da danke das dass dem den der des die dies doch du ein "
        "eine einem einen einer er es etwas euch für gern habe haben hat hatte ich ihnen ihr ihre im in ist "
        "kann können konnte mal man mein meine meinem meinen meiner mich mir mit möchte muss noch nun nur "
        "oder schon sein seine sich sie sind so über um und uns vom von was wann wegen wenn wer werden wie "
        "wir wird wo wollte zu zum zur"
    ),
    marker_words=words("ja nein nicht kein guten tag hallo moin servus"),
    language_request_words=words("sprechen sprache sprichst auf"),
    greetings=words("hallo hola guten morgen tag abend moin servus grüß gott zusammen"),
    greeting_patterns=(
        r"gute[nr]? (?:morgen|tag|abend|nacht)",
        r"^(?:'?n )?(?:morgen|tag|abend)[,.!]*\s+(?=(?:ich|wir|mein|meine|kann|konnen|konnten|ist|habt"
        r"|haben)\b)",
    ),
    thanks=words(
        "danke dank dankeschön merci tschüss tschau ciao super perfekt prima wiedersehen wiederhören "
        "alles klar ok"
    ),
    thanks_companions=words(
        "vielen schönen schon noch auf gut tag abend wochenende feierabend schönes lieben liebe herzlichen "
        "herzlich tausend nochmal euch ihnen dir mal"
    ),
    negations=words(
        "nicht nein niemand niemanden niemandem kein keine keinen keinem keiner keines nie niemals ohne weder"
    ),
    value_negations=phrases("nicht"),
    trailing_negations=words("nicht"),
    correction_words=words("nein doch eigentlich meine sondern entschuldigung spaß scherz quatsch"),
    question_words=words(
        "wann was wie wo warum wer haben hat habt sind ist gibt kann können darf "
        "was'n wasn wie's wo's wann's wer's"
    ),
    politeness=phrases("bitte, bitteschön, bidde, bidde, plz, dann"),
    and_words=phrases("und"),
    or_words=phrases("oder"),
    answers=_ANSWERS,
    numbers=_NUMBERS,
    dates=_DATES,
    times=_TIMES,
    contractions=frozenset(("'s", "'n")),
    people=words(
        "mensch menschen person mitarbeiter mitarbeiterin berater beraterin kollege kollegen kollegin jemand "
        "jemandem jemanden chef vorgesetzter vorgesetzten kundenservice kundendienst "
        "sachbearbeiter ansprechpartner"
    ),
    people_phrases=phrases("echte person, echten menschen, support team"),
    contact_wishes=phrases(
        "rückruf von, holen sie mir, hol mir, sprechen, reden, ruft mich an, rufen sie mich an, "
        "mich anrufen, anrufen, verbinden, verbinde "
        "mich, ich will einen, ich mochte einen, ich "
        "brauche einen, ich will zu, "
        "weiterleiten, durchstellen, gib mir, geben sie mir, telefonieren, schreiben mit"
    ),
    callback_wishes=phrases(
        "mich anrufen, mich zurückrufen, uns anrufen, uns zurückrufen, zurückrufen, zurückruft, mich anruft, "
        "uns anruft, bei mir melden, mich kontaktieren"
    ),
    direct_wishes=phrases(
        "verbinden sie mich, verbinde mich, stellen sie mich durch, stell mich durch, mich "
        "durchstellen, mich verbinden"
    ),
    presence_patterns=(r"\bgib(?:t es|ts|t's) (?:\w+ ){0,4}(?:echte[nr]? )?menschen\b",),
    help_wishes=phrases(
        "übernehmen, übernimmt, kümmern, kümmert, helfen, hilft, ansehen, anschauen, anschaut, "
        "ansieht, bearbeiten, "
        "beantworten, drum kümmern"
    ),
    anybody=words("jemand jemandem jemanden"),
    callback_leads=words("kann könnte können könnten soll möge bitte möchte will brauche dass"),
    transfer_promises=(
        r"\bich (?:verbinde|leite|ubergebe|stelle|gebe)\b(?: \w+){0,4} "
        r"(?:person|mensch\w*|mitarbeiter\w*|kolleg\w*|team|kundenservice|weiter|durch)",
    ),
    deed_claims=(
        r"\b(?:ich habe|wir haben)\b(?: \w+){0,5} "
        r"(?:gebucht|bestellt|storniert|reserviert|geandert|erstattet|"
        r"uberwiesen|abgeschickt|eingetragen|bestatigt)\b",
        r"\bihre? (?:\w+ ){1,3}(?:wurde|ist|wird) (?:\w+ "
        r"){0,2}(?:gebucht|bestellt|storniert|reserviert|geandert|"
        r"erstattet|abgeschickt|eingetragen|bestatigt|aufgegeben)\b",
    ),
)
