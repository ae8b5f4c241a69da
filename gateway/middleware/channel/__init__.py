"""Wrappers around a channel, which see what leaves."""
