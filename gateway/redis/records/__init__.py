"""Stored records outside the session protocol: log, index, dead letters, quarantine, identities."""
