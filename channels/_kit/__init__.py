"""What the channels share. Nothing here names a provider."""
