"""English words of a request for a person of the business."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.hand_off_words import HandOffWords

HAND_OFF: Final = HandOffWords(
    people=words(
        "person human agent representative rep operator advisor adviser supervisor manager boss colleague "
        "someone somebody staff employee receptionist humans agents representatives operators "
        "advisors colleagues"
    ),
    people_phrases=phrases(
        "customer service, customer support, real person, real people, somebody in charge, your "
        "team, live chat"
    ),
    anybody=words("someone somebody staff"),
    contact_wishes=phrases(
        "callback from, call from, call back from, talk to, talk with, speak to, speak with, "
        "chat with, connect me, transfer me, put me "
        "through, pass me, "
        "get me, give me, i want a, i need a, "
        "want a real, need a real, reach, hand me over, let me speak, "
        "let me talk, i want to see, i'd like a, i would like a"
    ),
    contact_verbs=phrases(
        "speak to, speak with, talk to, talk with, chat with, put me through, connect me, transfer me, "
        "pass me to"
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
    callback_wishes=phrases(
        "call me, ring me, phone me, contact me, call us, ring us, phone us, contact us, give me a call, "
        "give me a ring, get back to me, get in touch with me"
    ),
    callback_leads=words("can could would will please have get need want like ask let"),
    errands=phrases(
        "i still have to, i still need to, i have to check with, i need to check with, we still have to"
    ),
)
