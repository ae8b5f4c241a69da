"""Evidence for the edges of a node, by rank."""
