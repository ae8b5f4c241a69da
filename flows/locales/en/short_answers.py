"""English answers that are complete in themselves."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases
from flows.locales.short_answers import ShortAnswers

_TELL = r"(?:say|tell|answer|share|give|disclose|reveal|specify)"

SHORT_ANSWERS: Final = ShortAnswers(
    yes=phrases(
        "i do, i am, i have, i did, i will, i would, i can, we do, we are, we have, we will, we "
        "would, we can, "
        "it is, it does, it has, they are, they do, he is, she is, he does, she does, he has, she has, "
        "that would be great, that would be nice, that would be good, that would be lovely, that'd be great, "
        "that'd be nice, would be great, would be nice, would be good, not bad, wouldn't be bad, you bet, "
        "obviously, naturally, i'd like that, i'd love to, i'd love that, i have one, i've got "
        "one, we have one, "
        "got one, great, excellent, wonderful, brilliant, fantastic, lovely, cool, awesome, deal, you can, "
        "you "
        "got it, you've got it, nothing to change, go on, good, that is it"
    ),
    no=phrases(
        "not necessary, not needed, don't, please don't, please don't do that, no don't, i don't, i do "
        "not, i'm not, i am not, i haven't, i didn't, i won't, we don't, we do not, we're not, "
        "we aren't, we haven't, it isn't, it's not, it doesn't, it does not, they don't, they aren't, "
        "he doesn't, she doesn't, he isn't, she isn't, not really, i have none, none, i don't have one, "
        "i don't have any, we don't have any, we don't have one, haven't got one, don't have "
        "one, nothing, no need, that's all, that is all, "
        "that was all, that will be all, nothing else, nothing more, no that's it, no that is it, "
        "no that's all, no that is all, no that was it, no that was all, no that will be all, "
        "no that'll be all, no i'm good, no i'm fine, no we're good, no all good"
    ),
    amounts={
        "just me": 1,
        "only me": 1,
        "just myself": 1,
        "only myself": 1,
        "just the two of us": 2,
        "the two of us": 2,
        "none": 0,
        "none at all": 0,
        "nobody": 0,
        "no one": 0,
        "a couple": 2,
        "a couple of": 2,
    },
    courtesies=phrases(
        "cheers, ta, saved my day, saved me, made my day, legend, legends, lifesaver, lifesavers, you "
        "rock, star, helpful, awesome, "
        "amazing, fantastic, excellent, superb, terrific, fabulous, "
        "sweet, kind, "
        "friendly, impressed, impressive, well done, good work, great work, nice work, good job, great job, "
        "great service, good service, love it, loved it, appreciate it, appreciated, a pleasure, "
        "my pleasure, "
        "the best, thumbs up, keep it up, bravo, haha, hahaha, lol, that was quick, that was fast, "
        "that was easy, so quick, so fast, so easy, how nice, see you, see ya, take care, all the best, "
        "good night, have a good, have a nice, have a great, have a lovely, bye bye, ciao, until then, "
        "you're welcome, youre welcome, no worries, god bless"
    ),
    tags=phrases("right, no, correct, ok, okay, yes, isn't it, huh, eh"),
    ignorance=phrases(
        "no idea, no clue, don't know, dont know, do not know, dunno, can't remember, cannot remember, "
        "don't remember, do not remember, can't find, cannot find, can't read, lost it, i lost, i've lost, "
        "don't have it, do not have it, haven't got it, don't have that, forgot, forgotten, threw it away"
    ),
    indifference=phrases(
        "same as above, same as before, same as last time, same as always, same, usual, as always, as "
        "before, like last time, as usual, whatever, doesn't matter, does not matter, don't care, any "
        "will do, you choose, you decide"
    ),
    untold_patterns=(
        rf"^\W*(?:(?:no|nah|nope)\W+)?(?:don'?t|do not) (?:really )?(?:want to|wanna) {_TELL}\b",
        rf"\b(?:rather|prefer|prefer to) not (?:to )?{_TELL}\b",
        rf"\b(?:i|we) (?:\w+ )?(?:don'?t|do not|won'?t|will not|can'?t|cannot|am not going to) "
        rf"(?:really )?(?:want to |wanna |like to |wish to )?{_TELL}\b(?! (?:me|us)\b)",
        r"\b(?:i'm|im|i am) not (?:\w+ )?(?:going to |gonna |telling|saying|giving)",
        r"\b(?:i'?ll|i will|i'd rather) (?:tell|give|say|send) .{0,20}"
        r"(?:on the phone|by phone|later|in person|when i|once i|at the counter)",
        r"\bnone of your business\b|\bnot your business\b|\bno comment\b|\b(?:that's|thats|it's) private\b",
    ),
    skip_patterns=(r"^\W*(?:please )?(?:skip|pass)(?: (?:it|this|that|on that))?\W*$",),
)
