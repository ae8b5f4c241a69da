"""English words by which a clause is about something else than what was asked."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import SubjectWords, phrases, words

SUBJECTS: Final = SubjectWords(
    determiners=words("the my our his her their your"),
    owners=words("my our his her their"),
    prepositions=words(
        "in at on for with of to from by near before after until till than as like about around into per via "
        "want need take prefer like book make choose pick order get"
    ),
    verb_patterns=(
        r"(?!this\b)\w{2,}[^su]s|is|was|has|are|were|have|had|will|would|can|start|end|leave|arrive|open|close"
        r"|begin|finish|go|come|run|cost|charge|take|need|\w{3,}[^e]ed",
    ),
    bare_verbs=words(
        "is starts ends begins finishes leaves arrives closes opens departs lands runs goes costs charges "
        "takes was"
    ),
    answer_subjects=words(
        "appointment appointments booking bookings reservation visit meeting slot time times date day days "
        "arrival departure return outbound pickup collection check group party team crew total number amount budget limit max maximum minimum price "
        "most least best earliest latest ideal answer plan idea one ones rest whole same first second "
        "third last next all everyone everything order trip stay little boy girl baby kid kids child "
        "children twins youngest oldest eldest people guests adults correct right new wish preference "
        "morning afternoon evening night noon midday midnight week weekend month year today tomorrow tonight "
        "name code age size colour color phone mobile cell email mail address"
    ),
    speakers=words("i we i'd i'll i'm i've we'd we'll we're we've"),
    addressees=words("you your"),
    reason_words=phrases("because, cause, since, so, as, while, when, where, which, that, and"),
    quoting_patterns=(
        r"(?:you|u|he|she|they|someone|somebody|people|(?:the|your|my|his|her|an?) (?:\w+ )?\w+|it|website|page"
        r"|ad)(?: (?:guys|had|have|has|just|once|also|already)){0,2} (?:said|say|says|told|wrote|mentioned|quoted"
        r"|promised|offered|stated|advertised|claimed)",
        r"(?:i|we) (?:was|were|got|have been|had been) told",
    ),
    inquiry_patterns=(
        r"(?:do|does|did|are|is|have|has|will|was|were) (?:you|u|they|there|the|your) (?!not\b|\d)\w+",
    ),
    openness_words=words(
        "free available availability anything something slot slots space spaces room rooms seat seats "
        "left possible possibly appointment appointments ok okay fine work works working good busy full"
    ),
)
