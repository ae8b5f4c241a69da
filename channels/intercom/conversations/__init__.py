"""Conversations of Intercom: their parts as events, their assignment, and the people in them."""
