"""Commands that load and crash a gateway of their own."""
