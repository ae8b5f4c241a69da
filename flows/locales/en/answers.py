"""English words of a yes or a no."""

from __future__ import annotations

from typing import Final

from flows.locales.answer_words import AnswerWords
from flows.locales.folding import phrases, words

ANSWERS: Final = AnswerWords(
    yes=words("yes yeah yep yup yea ya yah yeh yas yass"),
    no=words("no nope nah"),
    lone_no=words("nope nah"),
    correct=words("right correct true ok okay fine agree agreed confirmed accept accepted"),
    emphatic_yes=words(
        "alright perfect ofc okey okie gladly absolutely exactly definitely certainly sure indeed "
        "affirmative aye "
        "lgtm precisely kk"
    ),
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
        "wouldn't be bad, go for it, go on then, happy with that, i'm happy, you may, roger that, "
        "it's a deal, "
        "make it so, good to go, no changes, no change, do so, please do so, pls do, okey dokey, okie dokie, "
        "heck yeah, hell yes, sounds perfect"
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
