"""English words for the recognizers."""

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
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_ONE_TO_TWELVE = {name: number for name, number in _SMALL_NUMBERS.items() if 1 <= number <= 12}
_SHORT_WEEKDAYS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_ALONE_PATTERN = r"(?=\w+ (?:$|; |morning |afternoon |evening |please ))"

_ANSWERS = AnswerWords(
    yes=words("yes yeah yep yup yea"),
    no=words("no nope nah"),
    lone_no=words("nope nah"),
    correct=words("right correct true ok okay fine agree agreed confirmed accept accepted"),
    emphatic_yes=words("alright perfect ofc okey okie gladly absolutely exactly definitely certainly sure"),
    incorrect=words("wrong incorrect false never"),
    intensifiers=words("quite really all so entirely totally exactly the"),
    yes_phrases=phrases(
        "count me in, count us in, i'm in, we're in, approved, no problem, no problems, no doubt, no "
        "objection, no objections, no worries, of course, go ahead, "
        "why not, please do, do it, do that, sure thing, let's do it, lets do it, let's go, fine by me, "
        "works for me, "
        "with pleasure, that works, sounds great, looks great, sounds fine, i agree, suits me, fine with me, "
        "that's it, sounds good, looks good, all good, all right, for sure, i don't mind, not "
        "bad, not a bad idea, "
        "wouldn't be bad, go for it, go on then, happy with that, i'm happy"
    ),
    no_phrases=phrases(
        "luckily not, luckily no, thankfully not, thankfully no, thank god no, not that i know of, "
        "not that i know, not to my knowledge, not that i can think of, no way, none of them, "
        "none of these, none of those, neither of them, not at all, of course not, "
        "absolutely not, definitely not, certainly not, surely not, unfortunately not, afraid not, "
        "better not, "
        "rather not"
    ),
    doubt_phrases=phrases(
        "not sure, not so sure, not quite sure, not really sure, not certain, unsure, no idea, no clue, "
        "don't know, dont know, do not know, haven't decided, not decided, can't say, cannot say, "
        "never mind, not yet, not now, maybe, perhaps, it depends"
    ),
    neutral_phrases=phrases(
        "right at, right by, right next, right in, right behind, right here, right there, "
        "right across, right beside, right around, right opposite, right outside, right now, right "
        "away, make sure, true or false, safety first"
    ),
    yes_alone=words("y"),
    no_alone=words("n"),
    not_yet=phrases(
        "not yet, not so far, haven't yet, havent yet, not as yet, i haven't yet, i have not yet"
    ),
    generic=words("nothing help question great perfect hi hello hey y n"),
)

_NUMBERS = NumberWords(
    text2num_code="en",
    by_name={**_SMALL_NUMBERS, **numbered("thirty forty fifty sixty seventy eighty ninety", 30, 10)},
    positions={
        **_ONE_TO_TWELVE,
        **numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1),
    },
    scales={"hundred": 100, "thousand": 1_000, "million": 1_000_000},
    decimal_comma=False,
    decimal_words=words("point"),
    minus=words("minus negative"),
    choice_words=words("option number choice"),
    choice_abbreviations=words("no"),
    choice_pronouns=words("one"),
    not_alone=words(
        "o os ones twos threes fours fives sixes sevens eights nines tens twenties thirties forties fifties "
        "sixties seventies eighties nineties hundreds thousands millions billions"
    ),
    half_phrases=phrases("and a half"),
    half_words=words("half"),
    pronoun_ones=words("one"),
    not_before_one=words("this that the other another which each no any every last first second third next"),
    not_after_one=words("moment second sec day of"),
)

_DATES = DateWords(
    months=alternatives(
        "january jan, february feb, march mar, april apr, may, june jun, july jul, august aug, "
        "september sept sep, october oct, november nov, december dec"
    ),
    weekdays=alternatives("monday, tuesday, wednesday, thursday, friday, saturday, sunday"),
    short_weekdays=_SHORT_WEEKDAYS,
    short_weekday_patterns=(
        rf"(?:(?<= on )|(?<= next )|(?<= this )|(?<=^ ){_ALONE_PATTERN}|(?<=; ){_ALONE_PATTERN})"
        rf"(?P<short>{'|'.join(_SHORT_WEEKDAYS)})(?= )",
    ),
    near_days={
        "today": 0,
        "tonight": 0,
        "tomorrow": 1,
        "overmorrow": 2,
        "yesterday": -1,
        "last night": -1,
        "day before yesterday": -2,
        "the day before yesterday": -2,
        "day after tomorrow": 2,
        "the day after tomorrow": 2,
    },
    month_may_come_first=True,
    dotted_dates=False,
    articles=phrases("the"),
    day_prepositions=phrases("on"),
    counts={**_ONE_TO_TWELVE, "a": 1, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30},
    day_unit_patterns=(r"days?",),
    week_unit_patterns=(r"weeks?",),
    in_words=phrases("in"),
    after_words=phrases("from, after"),
    now_words=phrases("now"),
    next_week=phrases("next week"),
    this_words=phrases("this"),
    bound_words=phrases("before, after, by, until, till, from, since, than"),
    bound_articles=phrases("the, on"),
    recurrence_words=phrases("every, each, any, most"),
    contrast_words=phrases("but, instead, rather"),
    ago_after_words=phrases("ago"),
    bare_day_patterns=(r"(?:the )?(?P<number>\d{1,2})(?:st|nd|rd|th)",),
    last_before_words=phrases("last, past"),
    particles=phrases("of"),
    ordinal_suffixes=phrases("st, nd, rd, th"),
    not_after_month=phrases("i, we, it"),
    weeks_after_weekday=phrases("week"),
    day_of_month_patterns=(r"(?:the )?(?P<number>\d{1,2})(?:st|nd|rd|th)",),
    spelling_variants=dict.fromkeys(
        ("tmrw", "tmr", "tmw", "tomoz", "2moro", "2morrow", "tomoro"), "tomorrow"
    ),
    correctable_near_days=phrases("tomorrow"),
    vague_days=phrases(
        "next week, this week, the weekend, next weekend, christmas, xmas, easter, next month"
    ),
    start_words=words("from since"),
    start_question_words=words("from first start starting begin beginning arrival arrive since"),
    start_verbs=words("pick picking collect collecting fetch fetching get getting"),
    end_verbs=words("bring bringing give giving drop dropping hand handing"),
    end_question_words=words(
        "back return returning end ending until till leave leaving departure last checkout"
    ),
    day_shifts=phrases(
        "the day before, the day after, a day before, a day after, one "
        "day before, one day after, days before, days after, the next day, the week before, the "
        "week after, the night before, the evening before, the following day, the previous day"
    ),
)

_TIMES = TimeWords(
    hours=_ONE_TO_TWELVE,
    minutes={
        "quarter": 15, "half": 30, "fifteen": 15, "thirty": 30, "fourty": 40, "forty": 40, "fifty": 50,
        "twenty": 20, "ten": 10, "five": 5,
    },
    prepositions=phrases("at"),
    approximate_prepositions=phrases("around, about"),
    clock_24h_patterns=(r"h",),
    clock_12h_patterns=(r"o'?\s?clock",),
    past_words=phrases("past, after"),
    to_words=phrases("to, till, before"),
    range_to_words=phrases("to, till"),
    minutes_first_articles=phrases("a"),
    minute_unit_patterns=(r"min(?:ute)?s?",),
    fractions={"half": 0},
    spoken_minutes=phrases("thirty, fifteen, forty, fifty, twenty, ten"),
    spoken_five_patterns=(r"[ -]five",),
    range_leads=phrases("between, from"),
    range_links=phrases("to, till, until, and, or"),
    choice_links=phrases("and, or"),
    second_time_prefixes=phrases("at"),
    bound_words=phrases("past"),
    negated_prepositions=phrases("before, after"),
    bare_hour_prefixes=phrases("make it, so"),
    noon_patterns=(r"noon", r"midday"),
    midnight_patterns=(r"midnight",),
    day_periods={
        "early": (r"(?:in the |this )?mornings?",),
        "late": (r"(?:in the |this )?(?:afternoon|evening)s?", r"tonight"),
        "night": (r"at night",),
    },
    vague_day_periods=words("morning mornings afternoon afternoons evening evenings"),
    answer_prefixes=phrases("yes, the, in the"),
    hour_answer="at {hour} {period}",
    not_after_hour_patterns=(
        r"people\b", r"persons?\b", r"guests?\b", r"euros?\b", r"dollars?\b", r"hours?\b", r"minutes?\b",
        r"mins?\b", r"days?\b", r"weeks?\b", r"of\b", r"point\b", r"least\b", r"once\b",
    ),
    counted_noun_prefixes=phrases("person, people, euro, minute"),
)  # fmt: skip

LEXICON: Final = Lexicon(
    names=words("english englisch anglais ingles"),
    also_reads=("de",),
    region="",
    fillers=words(
        "a am an and are as at be by can could d do does for from get got had has have hello hey hi how i "
        "i'd i'll i'm i've id if im in is it it's its ive just like ll m me my of on or our please pls plz s "
        "so some t thank thanks that that's the their them then there they this to um us want was we what "
        "when where which will with would you your"
    ),
    marker_words=words("yes not don't good morning hello"),
    language_request_words=words("speak language switch talk write in to do pls plz"),
    greetings=words("hello hi hey good morning afternoon evening day there start everyone team"),
    greeting_patterns=(
        r"good (?:morning|afternoon|evening)",
        r"^(?:morning|afternoon|evening)(?: all| everyone| there| guys)?[,.!]*\s+"
        r"(?=(?:i|i'd|i'm|i've|we|we'd|my|our|can|could|hi|hello|is|are|do|does|just)\b)",
    ),
    thanks=words(
        "thanks thank thx ty cheers great perfect wonderful lovely brilliant ok okay bye "
        "goodbye yes cool nice"
    ),
    thanks_companions=words(
        "evening weekend morning afternoon again keep up work bye you so very much a lot have "
        "day night good see later then and well that's thats that is all it "
        "for your "
        "help"
    ),
    negations=words(
        "not no never nobody noone don't dont doesn't didn't isn't isnt wasn't without neither nor "
        "cannot can't"
    ),
    negation_suffixes=phrases("n't"),
    value_negations=phrases("not, never, cannot, isn't, isnt"),
    trailing_negations=words("not"),
    correction_words=words("sorry no actually wait mean rather correction instead oops kidding joking"),
    question_words=words(
        "whats hows wheres whos whens what's how's where's who's when's "
        "are is was were do does did can could may what when where which who why how"
    ),
    politeness=phrases("please, pls, plz, pleez, then"),
    and_words=phrases("and"),
    or_words=phrases("or"),
    answers=_ANSWERS,
    numbers=_NUMBERS,
    dates=_DATES,
    times=_TIMES,
    stop_words=words(
        "a an the i i'm im my me you your u we our it its is are am be been to of in on at for and or so "
        "please hi hello hey thanks thank just would could can will do does did have has had this that"
    ),
    contractions=frozenset(("'s",)),
    contraction_patterns=(r"'(?:s|m|d|ll|ve|re)",),
    abbreviations={"u": "you", "ur": "your", "r": "are"},
    people=words(
        "person human agent representative rep operator advisor adviser supervisor manager boss colleague "
        "someone somebody staff employee receptionist humans agents representatives operators "
        "advisors colleagues"
    ),
    people_phrases=phrases(
        "customer service, customer support, real person, real people, somebody in charge, your "
        "team, live chat"
    ),
    contact_wishes=phrases(
        "callback from, call from, call back from, talk to, talk with, speak to, speak with, "
        "chat with, connect me, transfer me, put me "
        "through, pass me, "
        "get me, give me, i want a, i need a, "
        "want a real, need a real, reach, hand me over, let me speak, "
        "let me talk, i want to see, i'd like a, i would like a"
    ),
    callback_wishes=phrases(
        "call me, ring me, phone me, contact me, call us, ring us, phone us, contact us, give me a call, "
        "give me a ring, get back to me, get in touch with me"
    ),
    direct_wishes=phrases("put me through, connect me to, connect me with, transfer me to, hand me over to"),
    presence_patterns=(
        r"\b(?:is|are) there (?:a |an |any )?(?:(?:real|live|actual) "
        r"(?:person|people|humans?)|humans?|operator)\b",
    ),
    help_wishes=phrases(
        "look into, look at, help, take over, take care, deal with, handle, assist, answer, "
        "step in, check this, sort this"
    ),
    anybody=words("someone somebody staff"),
    callback_leads=words("can could would will please have get need want like ask let"),
    transfer_promises=(
        r"\b(?:i'll|i will|i am|i'm|let me|i have|i've|we'll|we will|you(?:'re| are) being)\b(?: \w+){0,3} "
        r"(?:transfer|connect|forward|escalat|hand|put|pass)\w*\b(?: (?:you|this|it|your "
        r"\w+)\b)?(?: \w+){0,3} "
        r"(?:(?:to|with|over|through)\b)(?: \w+){0,4} ?"
        r"(?:person|human|agent|colleague|representative|team|specialist|someone|somebody|manager|support)",
        r"\b(?:transferring|connecting|forwarding|escalating|handing) (?:you|this|your)\b",
    ),
    deed_claims=(
        r"\b(?:i have|i've|i just|we have|we've)\b(?: \w+){0,2} (?:placed|booked|reserved|cancel+ed|ordered|"
        r"scheduled|submitted|refunded|confirmed|changed|updated|registered|paid|sent|created|processed)\b",
        r"\byour (?:\w+ ){0,3}(?:has been|have been|is now|was|is) (?:\w+ly "
        r")?(?:placed|booked|reserved|cancel+ed|"
        r"ordered|scheduled|submitted|refunded|confirmed|changed|updated|registered|processed|created)\b",
    ),
)
