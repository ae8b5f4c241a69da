"""Answers to a question: a choice, an open answer, a yes that counts."""
