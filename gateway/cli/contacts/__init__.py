"""Commands about contacts: erasure, export, redaction, opt-outs."""
