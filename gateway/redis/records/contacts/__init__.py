"""Records of contacts: who they are, by what they are found, export and erasure."""
