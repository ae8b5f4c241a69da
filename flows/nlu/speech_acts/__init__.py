"""Speech acts: requests, questions, doubts, requests for a person, promises."""
