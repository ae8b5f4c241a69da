"""Records of sessions: log, state, messages and their timelines, lists and reports."""
