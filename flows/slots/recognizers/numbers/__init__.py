"""Recognizers of numbers."""
