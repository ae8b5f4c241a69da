"""The `turngate flow` commands."""
