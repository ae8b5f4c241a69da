"""The few sentences that the engine itself says. A flow's own texts always come first."""

from __future__ import annotations

from core.turn import Turn

APOLOGY = "Sorry, something went wrong on our side. Please send your last message again in a moment."
APOLOGIES = (
    APOLOGY,
    "I'm sorry, I still can't answer just now. Please try once more in a few minutes.",
    "Sorry, this is taking longer than it should. Please write again a little later.",
)
REFUSED = "I'm sorry, I can't help with that here."
GO_ON = "I'm listening. Please tell me more."
CHOOSE = "Please choose one of these."
FAREWELL = "Thank you for writing. Goodbye!"
SPENT = "We have been writing for a while now, so I'm passing you on to a colleague, who will answer here."
HAND_OFF = "I'm passing you on to a colleague, who will answer you right here."
OTHER_WORDS = "Could you say it in other words?"
PERSON = "If you would rather talk to a person, just say so."

_LEADS = (
    "Sorry, I didn't get that.",
    "I'm afraid I still don't follow.",
    "Sorry, that is not something I can help with here.",
)
_TRIES_BEFORE_PERSON = 2


def lead(misses: int, turn: Turn) -> str:
    """Why there is no answer: never the same sentence twice in a row for text."""
    if turn.text.strip() or turn.payload:
        return _LEADS[misses % len(_LEADS)]
    if turn.attachments:
        return (
            "I can't open files here yet."
            if misses % 2 == 0
            else "I can only read text here, so no files please."
        )
    if turn.location:
        return (
            "I can't use a location here."
            if misses % 2 == 0
            else "I can only read text here, not a location."
        )
    return _LEADS[misses % len(_LEADS)]


def not_understood(misses: int, turn: Turn, question: str, *, knows_person: bool) -> str:
    """What is said instead of silence: that it was not understood, and what is asked here."""
    text = f"{lead(misses, turn)} {question}"
    return f"{text}\n\n{PERSON}" if knows_person and misses >= _TRIES_BEFORE_PERSON else text


def still_needed(description: str) -> str:
    """The question for a slot whose author wrote none."""
    return f"Thank you. I still need {description}."
