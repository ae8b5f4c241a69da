"""Code shared by the channels; independent of any provider."""
