"""Wrappers around the inbox, which see what arrives."""
