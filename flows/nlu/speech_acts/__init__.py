"""Speech acts: wishes, questions, doubts, requests for a person, promises."""
