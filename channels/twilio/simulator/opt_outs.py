"""Opt-outs that the simulated Twilio keeps by pair of numbers (Twilio, "Advanced Opt-Out")."""

from __future__ import annotations

from typing import Final

_STOP_KEYWORDS: Final = {
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "OPT OUT",
}
_START_KEYWORDS: Final = {"START", "UNSTOP"}
CONFIRMATIONS: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
"""Answers of Twilio by kind of keyword."""


class OptOutList:
    """Pairs of numbers, the business's and the contact's, between which nothing may be sent."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    def __contains__(self, pair: tuple[str, str]) -> bool:
        return pair in self._pairs

    def apply(self, text: str, pair: tuple[str, str]) -> str:
        """Opt a pair out or in by a message; return the keyword's kind, empty if it is not a keyword.

        YES opts in only while the pair is opted out.
        """
        word = text.strip().upper()
        if word == "YES" and pair in self._pairs:
            word = "START"
        kind = "STOP" if word in _STOP_KEYWORDS else "START" if word in _START_KEYWORDS else word
        if kind not in CONFIRMATIONS:
            return ""
        if kind == "STOP":
            self._pairs.add(pair)
        elif kind == "START":
            self._pairs.discard(pair)
        return kind
