"""English words that bind clauses, deny or reserve."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import ClauseWords, phrases, words

_UNTRUE = (
    r"(?:(?:an? )?(?:\w+ )?(?:lie|exaggeration|overstatement|stretch)|lying|exaggerating|saying too much)"
)

CLAUSES: Final = ClauseWords(
    reservations=phrases(
        "but, except, except for, apart from, aside from, besides, other than, if, unless, until, till, "
        "instead, although, though, however, only, provided, as long as, so long as, once, after, before, "
        "when, because, yet, later, earlier, sooner, rather, first, let me, depends, depending, without"
    ),
    exceptions=phrases(
        "scratch, forget, scrap, but, except, except for, apart from, other than, save, excluding, bar"
    ),
    replacements=phrases("better than, instead of, rather than, in place of, in lieu of, as opposed to"),
    waiting=phrases(
        "wait, hold on, hang on, one moment, a moment, just a moment, one second, a second, one sec, a "
        "sec, "
        "sec, one minute, a minute, give me a minute, give me a moment, give me a second, brb, not yet, "
        "be right back, just a minute, one more thing, bear with me, wait up, hold up, let me think, "
        "let me see, let me check, gimme a sec, gimme a minute, gimme a moment, 1 sec, 1 min, thinking"
    ),
    doubts=phrases(
        "maybe, perhaps, not sure, i think, i guess, probably, hmm maybe, i suppose, possibly, "
        "i might, we might, might be, could be, may end up, might end up, could end up, "
        "i reckon, i believe, presumably"
    ),
    errands=phrases(
        "i still have to, i still need to, i have to check with, i need to check with, we still have to"
    ),
    particles=words("just even really still simply ever anymore only"),
    strict_conditions=phrases(
        "only if, only when, unless, provided that, provided it's, provided it is, provided "
        "there, provided you, as long as, depends on, depending on"
    ),
    value_condition_patterns=(
        r"\bprovided (?:the|my|our|he|she|they|we)\b|\b(?:in case|assuming)\b|^should (?:my|our|the|he"
        r"|she|they|everything)\b",
        r"(?<!know )(?<!see )(?<!ask )(?<!tell me )(?<!check )(?<!wonder )(?<!wondering )"
        r"(?<!what )(?<!as )\bif "
        r"(?!poss|not\b|so\b|any\b|need|only\b|(?:that|it|this)(?:'s|s| is| works| suits| would| helps)? "
        r"?(?:ok|fine|alright|all right|possible|works|better|easier|not|be\b|suits|helps|how|what)"
        r"|you (?:can|could|don't|dont|do not|like|want|would|will|please|have|need|prefer|wouldn't)"
        r"|i (?:may|might|can|could|am honest)|i'm (?:honest|not)|we (?:can|could|may))",
    ),
    polite_conditions=phrases("if possible, if i may, if that is possible, if it's possible"),
    objection_patterns=(
        rf"\b(?:would|'d) be {_UNTRUE}\b|\b(?:i'?d|i would) be (?:lying|exaggerating)\b",
        r"\b(?:sold out|last choice|least favou?rite|hate|can'?t stand|dislike|not my thing)\b",
        r"\b(?:is|are|'s|'re|would be) (?:just |really |totally |unfortunately |sadly )?(?:impossible"
        r"|out|bad|no good"
        r"|off|full|booked up|taken|no use|useless|ruled out|wrong|incorrect|a mistake|a typo|difficult"
        r"|tricky)\b(?! of)|\ballergic\b|\brefuse\b"
        r"|\b(?:won'?t|wouldn'?t) (?:work|do|suit|fit)\b|\b(?:i'?m|i am|we'?re|we are) (?:away|busy"
        r"|unavailable"
        r"|abroad|out of town)\b",
        r"\b(?:we|it|there|they) (?:could|might|may) (?:also |even |well )?(?:become|turn|be (?!there"
        r"|here|at\b|by\b"
        r"|ready|with|in\b|on\b|free))\b",
    ),
    conclusions=phrases("so, so that's, makes, that makes, altogether, all in all, in total, total"),
    upper_bounds=phrases("no more than, not more than, up to, at most, at the most, maximum, max, tops"),
    limit_words=words("most maximum max limit"),
    excess_patterns=(
        r"\b(?:have|got) (?:another|something|an appointment|a meeting)\b|\bi (?:finish|get off"
        r"|have to work|must work)\b"
        r"|\bis my day off\b",
        r"\btoo (?:many|much|few|small|little|big|large|long|short|early|late|expensive|tight|far|high"
        r"|low)\b",
        r"\b(?:not enough|more than enough|cancel+ed|dropped out)\b|\bruns? (?:too )?(?:small|large|big"
        r"|short)\b",
        r"\bwas (?:nice|lovely|great|awful|terrible|horrible|cold|late)\b",
    ),
    outdated_patterns=(
        r"\b(?:anymore|any more|no longer|used to be|was (?:the|my|our) (?:old|previous|last)|(?:isn'?t"
        r"|is not|not) (?:mine|ours))\b",
        r"\b(?:old|previous) (?:one|number|address|code) (?:was|is)\b",
    ),
    numbered_nouns=words(
        "table tables room year class grade line bus tram platform gate page version number level"
    ),
    delays=phrases("not now, never mind, it depends"),
    wishes=phrases(
        "want, need, wish, like to, would like, looking for, asking for, asking to, interested, trying to, "
        "feel like, care to, intend, plan to, mean to, meant to, hope to, prefer, rather, going to"
    ),
    statements=phrases(
        "can't, cant, cannot, can not, couldn't, could not, haven't, have not, hasn't, has not, didn't, "
        "did not, doesn't, does not, isn't, is not, wasn't, was not, aren't, are not, won't, will not, "
        "don't have, dont have, do not have, don't know, dont know, do not know, don't see, do not see, "
        "don't find, do not find, don't understand, dont understand, do not understand, don't remember, "
        "do not remember, don't get, don't own, don't work, do not work, never got, never received, "
        "never came, never arrived, not working, not arrived, not received, not here, no longer works"
    ),
    clause_starts=phrases(
        "i want, i need, i'd like, i would like, i just want, give me, connect me, let me, can you, could "
        "you, just get me"
    ),
    conditions=phrases(
        "if, as long as, so long as, provided, unless, once, after, before, until, when, in case"
    ),
    negative_questions=phrases(
        "can't i, cant i, can i not, can't we, couldn't i, could i not, can't you, cant you, couldn't you, "
        "could you not, why can't i, why cant i, why can i not, why don't you, why don't i, isn't there, "
        "is there no, is there not, aren't there, don't you have, do you not have, won't you"
    ),
    consent_companions=words(
        "so sweet approved count in lovely quickly quick asap fast urgently immediately hurry someone "
        "somebody please pls plz thanks thank you thx ty very much so a lot that that's thats "
        "is it it's its all the "
        "this these and then just do go ahead now let's lets let us we i i'm im me am with of course you "
        "can may great good perfect fine cool nice lovely wonderful excellent awesome super brilliant "
        "everything looks look sounds works for to be my details oh ah well hi hello dear sir "
        "happy glad would like want love exactly indeed haha lol definitely totally proceed confirm "
        "confirmed already absolutely as said she he they says say now ready"
    ),
    value_companions=words(
        "should shall total altogether overall "
        "yes yeah ok okay sure fine good great better best perfect works work suits suit fits fit possible "
        "make take book come go want need prefer like say please thanks then instead rather actually "
        "sorry maybe no not nope also but and both pm am o'clock clock sharp exactly appointment booking "
        "date day time at around about on by for morning afternoon evening night noon today tomorrow "
        "meant mean correction correct is's born birthday birth free available any order "
        "number phone code digits digit card ends ending called under here's heres see you "
        "works change move reschedule put set wait hmm well oh hi hello hey monday tuesday wednesday "
        "thursday friday saturday sunday next this coming early late ideally preferably hopefully "
        "mornings evenings afternoons tonight midnight midday arrive arriving leave leaving start "
        "starting check checking fly travel meet meeting visit move "
        "max tops total altogether give got last four entered typed wrote read says said right wrong "
        "tried ref reference account "
        "my mine number's again new other another old real"
    ),
    but_words=words("but though although"),
    setting_words=words("make put set instead rather"),
    because_words=phrases("because, cause, cos, cuz, since"),
    remark_subjects=words("that that's thats it it's its"),
    code_companions=words(
        "number numbers code codes digits digit card ends ending end last four final it's its are sorry "
        "meant mean no not but actually correction yes ok okay please thanks here heres here's that's "
        "order ref reference account entered typed wrote got new other right correct one wait rather "
        "instead again try try's this these must should hl then well oh hmm again booking invoice "
        "customer id zip postcode postal room table"
    ),
    value_links=words("on at for by is and or then with to be from"),
    value_connectors=words(
        "a an for with because as and or then at on please to so my i we if my would works is does suits "
        "could "
        "can around about"
    ),
    amount_modifiers_before=phrases(
        "at least, at most, up to, more than, less than, fewer than, over, under, about, around, almost, "
        "nearly, half of, half a, half, minimum, maximum, max, min, not more than, no more than, another, "
        "roughly, approximately"
    ),
    amount_modifiers_after=phrases(
        "more, less, fewer, or more, or less, or so, give or take, plus or minus, at least, at most, at "
        "minimum, at maximum, extra, "
        "and a bit, times as many, percent, minimum, maximum, thirds"
    ),
    approximations=phrases("about, around, roughly, approximately, approx, more or less, or so, some"),
    addition_words=words("more extra another additional further"),
    bounds_behind=phrases(
        "at the earliest, at the latest, at earliest, at latest, onwards, onward, latest, earliest"
    ),
    second_thoughts=words("oops damn well sorry actually rather wait kidding joking"),
    own_words=words("me us my our myself ourselves"),
    request_starts=phrases(
        "can i, could i, may i, can we, could we, may we, can you, could you, would you, will you, how "
        "about, what about"
    ),
    inflections=words("s es"),
    amount_multipliers={"dozen": 12, "dozens": 12, "score": 20},
    ranked_nouns=words("floor storey story level row grade page line chapter lane"),
    ground_words=phrases("ground floor, ground, groundfloor"),
    both_phrases=phrases("between the two of us, the two of us together"),
    minutes_in_words={
        "half an hour": 30,
        "an hour": 60,
        "one hour": 60,
        "quarter of an hour": 15,
        "an hour and a half": 90,
    },
    half_units=words("half"),
    name_words=words("name named names surname called who"),
    other_name_words=words("number numbers address company business street product pet dog cat"),
    address_words=words("address street"),
    place_words=words("town city village"),
    place_introductions=phrases(
        "i live in, we live in, i'm in, we're in, i am in, we are in, i'm from, we're from, it's in, it "
        "is in, that's in, in, from"
    ),
    no_address_words=words(
        "somewhere nearby near matter i i'm i've i'll i'd you you're you've you'll we we're we've we'll "
        "he she they they've same before "
        "usual already know have don't not"
    ),
    name_introductions=phrases(
        "to, me, myself, for me, for myself, "
        "my name is, my name's, my names, my full name is, the name is, the name's, name is, name's, name, "
        "full name, i'm, im, i am, it's, its, it is, this is, that's, thats, that would be, call me, "
        "put it under, put it on, put it in, put it down as, put, book it under, book it in, book it on, "
        " under, in the name of, on the name, for, make it, just, "
        "well, oh, ah, um, uhm, er, so, then, hmm, "
        "my son, my daughter, my wife, my husband, my mum, my mom, my mother, my dad, my father, my kid, "
        "my child, my brother, my sister, my friend, my partner, my boss, my girlfriend, my boyfriend"
    ),
    naming_patterns=(
        r"(?:his|her|their|its|it's|(?:my|our|the)(?: \w+(?:'s)?){0,2}?) (?:full |first |last )?names?"
        r"(?:'s| is| would be)",
        r"(?:he|she|it|they|(?:my|our|the) \w+(?: \w+)?)(?:'s|s| is|'re| are) (?:called|named)",
        r"(?:we|i|they|you can) (?:all )?(?:just )?call (?:him|her|it|them)",
        r"(?:called|named|(?:he|she|it) goes by)",
    ),
    naming_end_patterns=(
        r"is (?:his|her|its|their) name",
        r"is what (?:we|i|they) call (?:him|her|it|them)",
        r"(?:he|she|it)(?:'s| is) called",
    ),
    belonging_words=words("from of at with"),
    name_endings=phrases(
        "btw, by the way, actually, though, my name, is the one, nice to meet you, pleased to meet you, "
        "here, speaking, haha, lol, many thanks, thank you, thank you so much, thank you very much, "
        "thanks a lot, "
        "thanks so much, thanks in advance,  is my name, is the name, as well, again"
    ),
    birth_words=words("birth born birthday birthdate dob"),
    people_words=words(
        "people persons person guests guest adults party seats covers participants attendees passengers "
        "travellers visitors players drivers riders racers pilots climbers"
    ),
    people_counts=phrases(
        "for #, party of #, group of #, # of us, we are #, we're #, we'll be #, there's # of us, "
        "# are coming, "
        "# will come, # will be coming, # coming"
    ),
    closing_words=words("thanks thank bye goodbye"),
    topics=(
        phrases(
            "how much, cost, costs, price, prices, pricey, expensive, fee, fees, charge, charged, cheap, pay"
        ),
        phrases("open, opens, opening, opening hours, close, closes, closing, business hours, until when"),
        phrases(
            "where are you, where r u, address, located, location, directions, where is it, find you, get "
            "there, where exactly"
        ),
        phrases("how long, how many days, take long, when do i get, when will i get"),
        phrases("park, parking, car park, garage"),
        phrases("pet, pets, dog, dogs, cat, cats, puppy"),
        phrases("photo, photos, pic, pics, picture, pictures, image, images"),
        phrases("wifi, wi-fi, wi fi, wlan, internet"),
        phrases("child, children, kid, kids"),
    ),
    ordinals=words("first second third fourth fifth last 1st 2nd 3rd 4th 5th penultimate other"),
    past_phrases=phrases(
        "was supposed to, were supposed to, should have been, last time, last year, last month, last "
        "week, last summer, last winter, the other day, years "
        "ago, "
        "weeks ago, months ago, days ago, used to, back then, in the past, previously, yesterday, i was, "
        "we were, i had, we had, i booked, we booked, i bought, we bought, i took, we took, i saw, we saw, "
        "i've been, we've been, i have been, we have been, i went, we went, i paid, we paid, i ordered, "
        "we ordered, my birthday, my anniversary, usually, normally, the last one, i came, we came, i "
        "stayed, we stayed, i rented, we rented"
    ),
    past_patterns=(r"(?:i|we|they|you|he|she|it) (?!need)\w{3,}ed",),
    past_question_words=words("happen happened broke broken lost"),
    said_words=words(
        "wanted needed decided preferred agreed said meant typed wrote told wondering hoping thinking "
        "planning mind already now"
    ),
    owners=words("my our his her their"),
    relatives=words(
        "friend friends brother brothers sister sisters wife husband mother father mum mom dad parents son "
        "daughter colleague colleagues neighbour neighbor neighbours neighbors cousin uncle aunt flatmate "
        "roommate family team boyfriend girlfriend partner boss kids children grandma grandpa"
    ),
    saying_words=words("says said"),
    deed_verbs=words(
        "left brought stayed needed comes came visits visited arrives arrived has had paid pays took "
        "takes saw did does got gets "
        "booked books bought buys went goes lives works "
        "plays plays uses used likes loves always usually ordered orders rented rents stayed stays"
    ),
    hypotheses=phrases(
        "what if, if i, if we, if it was, if there are, suppose, supposing, in case, hypothetically, "
        "would it cost, would it be, would that be, would that cost, how much, does it cost, do they cost, "
        "cost more, costs more, be more, is it cheaper, cheaper, more expensive, extra charge"
    ),
    contact_verbs=phrases(
        "speak to, speak with, talk to, talk with, chat with, put me through, connect me, transfer me, "
        "pass me to"
    ),
    count_phrases=phrases("how many, the number of, number of"),
    unit_abbreviations={
        "cm": "centimet",
        "km": "kilomet",
        "kg": "kilo",
        "lbs": "pound",
        "gb": "gigabyte",
        "hrs": "hour",
        "mins": "minute",
    },
    unit_words=words(
        "minute minutes min mins hour hours hrs day days night nights week weeks month months year years "
        "euro euros dollar dollars pound pounds quid cents percent km kilometres miles times"
    ),
    complaint_words=words(
        "complicated annoying annoyed stupid ridiculous silly boring confusing difficult weird tedious "
        "nonsense"
    ),
    state_words=words(
        "busy hungry tired late urgent ready confused lost sick ill driving waiting working walking "
        "cooking "
        "shopping travelling traveling sleeping owner customer client tenant"
    ),
    no_name_starts=phrases("call me later, call me back, i have, i've got, i was, we are, we're"),
    mistakes=phrases("i made a mistake, i've made a mistake, my mistake, i made a typo, i mistyped"),
    statement_patterns=(r"when (?:i|we|it|he|she|they|the|my|our|you)\b",),
    remark_starts=phrases("too many, how many, so many, why, what a lot, what for"),
    question_nouns=words("question questions query"),
    announcing_words=words("quick quickly one first another small little silly just before more thing"),
    whether_words=phrases("if, whether"),
    indirect_questions=phrases("know, find out, tell me, wonder, wondering, ask"),
    other_way_patterns=(
        r"(?:please |just |rather )?(?:by|via|per) (?:post|mail|e-?mail|letter|phone|text|sms|whatsapp)"
        r"(?:,? (?:please|instead|is better|is fine))?",
        r"(?:post|mail|e-?mail|letter|phone|text|sms|whatsapp) (?:is|would be|'?d be) (?:better|fine)",
    ),
    code_words=words("plate plates registration reg vin licence license number code reference serial imei"),
    comparison_words=words(
        "difference differences diff differ differs compare compared comparison versus vs"
    ),
    inquiry_starts=phrases(
        "do you, do they, does, is, are, have you, why, what is, whats, what's, "
        "what are, what does, what do, hows, how's, how is, how are, how much, wheres, where's, where is, "
        "where are, whos, who's, who is, whens, when's, when is, which is, which are, which one is"
    ),
    money_words=words("euro euros dollar dollars pound pounds quid cents bucks"),
    money_questions=words("spend cost costs price pay budget amount worth money"),
    per_words=phrases("a, per, each, every, in a"),
    fault_words=words("misspelt misspelled typo missing different spelled spelt changed off"),
    naming_phrases=phrases("is, was, 's, should be, should read, must be, has to be, would be, are"),
    name_statements=phrases("my name is, my name's, my surname is, i am called, i'm called"),
    sure_introductions=words("i'm im under name"),
    age_words=words("old age aged"),
    age_changes=phrases("turns, turning, will be, will turn, going to be, going on, almost, nearly"),
    age_units=words("year years yrs yo old"),
    move_words=words(
        "move moved change changed reschedule rebook postpone shift push switch can't cannot cancel cancelled"
    ),
    target_words=phrases("to, until, till"),
    ending_words=words("cancel stop quit end terminate unsubscribe"),
    hypothetical_starts=phrases("if i, if we, when i, when we, in case i, in case we, suppose i, what if"),
    offer_patterns=(r"\b(?:shall|should|may|can) (?:i|we) (\w+)",),
    obligations=phrases(
        "have to, has to, had to, got to, gotta, must, should, let's, lets, let us, please, pls, decided to"
    ),
    generalities=phrases(
        "any time, anytime, later, later on, still, afterwards, whenever, for free, free of "
        "charge, in future, "
        "in the future, at short notice, without a fee"
    ),
    halting_words=words("stop"),
    giving_up=phrases(
        "no more, leave me, i'm done, im done, had enough, enough, too expensive, too long, too complicated, "
        "changed my mind, never mind, spam, bored, waste, sick of, give up, i'm out, im out"
    ),
    undo_words=words("cancel"),
)
