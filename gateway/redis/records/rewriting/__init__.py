"""Rewriting of sealed records where they are."""
