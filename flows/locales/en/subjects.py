"""English words by which a clause is about something else than what was asked."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.subject_words import SubjectWords

SUBJECTS: Final = SubjectWords(
    determiners=words("the my our his her their your"),
    owners=words("my our his her their"),
    prepositions=words(
        "in at on for with of to from by near before after until till than as like about around into "
        "per via "
        "want need take prefer like book make choose pick order get"
    ),
    verb_patterns=(
        r"(?!this\b)\w{2,}[^su]s|is|was|has|are|were|have|had|will|would|can|start|end|leave|arrive"
        r"|open|close"
        r"|begin|finish|go|come|run|cost|charge|take|need|\w{3,}[^e]ed",
    ),
    bare_verbs=words(
        "is starts ends begins finishes leaves arrives closes opens departs lands runs goes costs charges "
        "takes was"
    ),
    answer_subjects=words(
        "appointment appointments booking bookings reservation visit meeting slot time times date day days "
        "arrival departure return outbound pickup collection check group party team crew total number "
        "amount budget limit max maximum minimum price ideal answer plan idea one ones rest everyone "
        "everything trip stay little boy girl baby kid kids child children twins youngest oldest eldest "
        "people guests adults wish preference morning afternoon evening night noon midday midnight week "
        "weekend month today tomorrow tonight age size colour color"
    ),
    answer_adjectives=words(
        "most least best earliest latest whole same first second third last next all correct right new only"
    ),
    speakers=words("i we i'd i'll i'm i've we'd we'll we're we've"),
    addressees=words("you your"),
    reason_words=phrases("because, cause, since, so, as, while, when, where, which, that, and"),
    quoting_patterns=(
        r"(?:you|u|he|she|they|someone|somebody|people|(?:the|your|my|his|her|an?) (?:\w+ )?\w+|it"
        r"|website|page"
        r"|ad)(?: (?:guys|had|have|has|just|once|also|already)){0,2} (?:said|say|says|told|wrote"
        r"|mentioned|quoted"
        r"|promised|offered|stated|advertised|claimed)",
        r"(?:i|we) (?:was|were|got|have been|had been) told",
    ),
    passing_verbs=phrases("says, say, reckons, reckon"),
    changes_of_mind=phrases("after all, is better, would be better"),
    quoted_starts=words("that"),
    inquiry_patterns=(
        r"^(?:who|whose|why|where)\b",
        r"(?:do|does|did|are|is|have|has|will|was|were) (?:you|u|they|there|the|your) (?!not\b|\d)\w+",
    ),
    openness_words=words(
        "free available availability anything something slot slots space spaces room rooms seat seats "
        "left possible possibly appointment appointments ok okay fine work works working good busy full"
    ),
)
