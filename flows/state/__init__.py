"""The dialog state that is stored between turns."""

from __future__ import annotations

from flows.state.dialog_state import MAX_LINE_LENGTH, MAX_SUMMARY_LENGTH, DialogState
from flows.state.stored_fields import MAX_HISTORY_LINES, HistoryLine, KeptWish

__all__ = [
    "MAX_HISTORY_LINES",
    "MAX_LINE_LENGTH",
    "MAX_SUMMARY_LENGTH",
    "DialogState",
    "HistoryLine",
    "KeptWish",
]
