"""English words of wishes, doubts, questions, remarks and endings."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.speech_act_words import SpeechActWords

_UNTRUE = (
    r"(?:(?:an? )?(?:\w+ )?(?:lie|exaggeration|overstatement|stretch)|lying|exaggerating|saying too much)"
)

SPEECH_ACTS: Final = SpeechActWords(
    wishes=phrases(
        "want, need, wish, like to, would like, looking for, asking for, asking to, interested, trying to, "
        "feel like, care to, intend, plan to, mean to, meant to, hope to, prefer, rather, going to"
    ),
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
    delays=phrases("not now, never mind, it depends"),
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
        r"\bis (?:my|our|the) (?:old|former|previous)\b",
    ),
    second_thoughts=words("oops damn well sorry actually rather wait kidding joking"),
    remark_subjects=words("that that's thats it it's its"),
    remark_starts=phrases("too many, how many, so many, why, what a lot, what for"),
    mistakes=phrases("i made a mistake, i've made a mistake, my mistake, i made a typo, i mistyped"),
    fault_words=words("misspelt misspelled typo missing different spelled spelt changed off"),
    request_starts=phrases(
        "can i, could i, may i, can we, could we, may we, can you, could you, would you, will you, how "
        "about, what about"
    ),
    negative_questions=phrases(
        "can't i, cant i, can i not, can't we, couldn't i, could i not, can't you, cant you, couldn't you, "
        "could you not, why can't i, why cant i, why can i not, why don't you, why don't i, isn't there, "
        "is there no, is there not, aren't there, don't you have, do you not have, won't you"
    ),
    inquiry_starts=phrases(
        "do you, do they, does, is, are, have you, why, what is, whats, what's, "
        "what are, what does, what do, hows, how's, how is, how are, how much, wheres, where's, where is, "
        "where are, whos, who's, who is, whens, when's, when is, which is, which are, which one is"
    ),
    question_nouns=words("question questions query"),
    announcing_words=words("quick quickly one first another small little silly just before more thing"),
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
    comparison_words=words(
        "difference differences diff differ differs compare compared comparison versus vs"
    ),
    other_way_patterns=(
        r"(?:please |just |rather )?(?:by|via|per) (?:post|mail|e-?mail|letter|phone|text|sms|whatsapp)"
        r"(?:,? (?:please|instead|is better|is fine))?",
        r"(?:post|mail|e-?mail|letter|phone|text|sms|whatsapp) (?:is|would be|'?d be) (?:better|fine)",
    ),
    move_words=words(
        "move moved change changed reschedule rebook postpone shift push switch can't cannot cancel cancelled"
    ),
    change_words=words("change edit modify adjust amend"),
    change_objects=words("it that this something anything"),
    target_words=phrases("to, until, till"),
    ending_words=words("cancel stop quit end terminate unsubscribe"),
    undo_words=words("cancel"),
    halting_words=words("stop"),
    giving_up=phrases(
        "no more, leave me, i'm done, im done, had enough, enough, too expensive, too long, too complicated, "
        "changed my mind, never mind, spam, bored, waste, sick of, give up, i'm out, im out"
    ),
    offer_patterns=(r"\b(?:shall|should|may|can) (?:i|we) (\w+)",),
    transfer_promises=(
        r"\b(?:i'll|i will|i am|i'm|let me|i have|i've|we'll|we will|you(?:'re| are) being)\b(?: \w+){0,3} "
        r"(?:transfer|connect|forward|escalat|hand|put|pass)\w*\b(?: (?:you|this|it|your "
        r"\w+)\b)?(?: \w+){0,3} "
        r"(?:(?:to|with|over|through)\b)(?: \w+){0,4} ?"
        r"(?:person|human|agent|colleague|representative|team|specialist|someone|somebody|manager|support)",
        r"\b(?:transferring|connecting|forwarding|escalating|handing) (?:you|this|your)\b",
    ),
    action_claims=(
        r"\b(?:i have|i've|i just|we have|we've)\b(?: \w+){0,2} (?:placed|booked|reserved|cancel+ed|ordered|"
        r"scheduled|submitted|refunded|confirmed|changed|updated|registered|paid|sent|created|processed)\b",
        r"\byour (?:\w+ ){0,3}(?:has been|have been|is now|was|is) (?:\w+ly "
        r")?(?:placed|booked|reserved|cancel+ed|"
        r"ordered|scheduled|submitted|refunded|confirmed|changed|updated|registered|processed|created)\b",
    ),
)
