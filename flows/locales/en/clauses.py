"""English words that begin, bind or reserve clauses."""

from __future__ import annotations

from typing import Final

from flows.locales.clause_words import ClauseWords
from flows.locales.folding import phrases, words

CLAUSES: Final = ClauseWords(
    clause_starts=phrases(
        "i want, i need, i'd like, i would like, i just want, give me, connect me, let me, can you, could "
        "you, just get me"
    ),
    reservations=phrases(
        "but, assuming, providing, in case, except, except for, apart from, aside from, besides, other "
        "than, if, unless, until, till, "
        "instead, although, though, however, only, provided, as long as, so long as, once, after, before, "
        "when, because, yet, later, earlier, sooner, rather, first, let me, depends, depending, without, "
        "for now, for the moment, at the moment, for the time being, for a while, provisionally, "
        "tentatively, "
        "temporarily, in principle, at first, please correct, pls correct, correct it, correct me, "
        "correct my, correct this, you sure, u sure, "
        "yeah right"
    ),
    others_words=phrases("he said, she said, they said, he says, she says, they say"),
    exceptions=phrases(
        "scratch, forget, scrap, but, except, except for, apart from, other than, save, excluding, bar"
    ),
    preferences=phrases("rather, sooner, prefer"),
    than_words=phrases("than"),
    replacements=phrases("better than, instead of, rather than, in place of, in lieu of, as opposed to"),
    because_words=phrases("because, cause, cos, cuz, since"),
    conditions=phrases(
        "if, as long as, so long as, provided, providing, assuming, unless, once, after, before, until, "
        "when, in case"
    ),
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
        r"?(?:ok|fine|alright|all right|possible|works|better|easier|not(?! (?:too|so|that|very) (?!much"
        r"|late|far)\w)|be\b|suits|helps|how|what)"
        r"|you (?:can|could|don't|dont|do not|like|want|would|will|please|have|need|prefer|wouldn't)"
        r"|i (?:may|might|can|could|am honest)|i'm (?:honest|not)|we (?:can|could|may))",
    ),
    polite_conditions=phrases("if possible, if i may, if that is possible, if it's possible"),
    hypotheses=phrases(
        "i'll say yes, i will say yes, what if, if i, if we, if it was, if there are, suppose, "
        "supposing, in case, hypothetically, "
        "would it cost, would it be, would that be, would that cost, how much, does it cost, do they cost, "
        "cost more, costs more, be more, is it cheaper, cheaper, more expensive, extra charge"
    ),
    hypothetical_starts=phrases(
        "if i, if we, when i, when we, once i, once we, should i, should we, as soon as i, in case i, in "
        "case we, suppose i, what if"
    ),
    obligations=phrases(
        "have to, has to, had to, got to, gotta, must, should, let's, lets, let us, please, pls, decided to"
    ),
    generalities=phrases(
        "any time, anytime, later, later on, still, afterwards, whenever, for free, free of "
        "charge, in future, "
        "in the future, at short notice, without a fee"
    ),
    statements=phrases(
        "can't, cant, cannot, can not, couldn't, could not, haven't, have not, hasn't, has not, didn't, "
        "did not, doesn't, does not, isn't, is not, wasn't, was not, aren't, are not, won't, will not, "
        "don't have, dont have, do not have, don't know, dont know, do not know, don't see, do not see, "
        "don't find, do not find, don't understand, dont understand, do not understand, don't remember, "
        "do not remember, don't get, don't own, don't work, do not work, never got, never received, "
        "never came, never arrived, not working, not arrived, not received, not here, no longer works"
    ),
    statement_patterns=(r"when (?:i|we|it|he|she|they|the|my|our|you)\b",),
    whether_words=phrases("if, whether"),
    indirect_questions=phrases("know, find out, tell me, wonder, wondering, ask"),
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
    saying_words=words("says said"),
    action_verbs=words(
        "left brought stayed needed comes came visits visited arrives arrived has had paid pays took "
        "takes saw did does got gets "
        "booked books bought buys went goes lives works "
        "plays plays wears wore uses used likes loves always usually ordered orders rented rents stayed stays"
    ),
    wish_verbs=phrases(
        "wants, wanted, would like, 'd like, would take, would want, would prefer, prefers, wishes"
    ),
    third_persons=words("he she they he'd she'd they'd"),
    particles=words("just even really still simply ever anymore only"),
    consent_companions=words(
        "so sweet approved count in lovely quickly quick asap fast urgently immediately hurry someone "
        "somebody please pls plz thanks thank you thx ty very much so a lot that that's thats "
        "is it it's its all the "
        "this these and then just do go ahead now let's lets let us we i i'm im me am with of course you "
        "can may great good perfect fine cool nice lovely wonderful excellent awesome super brilliant "
        "everything looks look sounds works for to be my details oh ah well hi hello dear sir "
        "happy glad would like want love exactly indeed haha lol definitely totally proceed confirm "
        "confirmed already absolutely as said she he they says say now ready uh um uhm er erm hm hmm eh "
        "cheers ta "
        "mate madam ma'am buddy bro my friend many appointment i'd i'll we'd we'll"
    ),
    hesitations=words(
        "uh um uhm er erm hm hmm eh oh ah well mate madam ma'am buddy bro friend my the many appointment "
        "details i i'd i'll we we'd we'll"
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
)
