"""Records of contacts: identities, search, export and erasure."""
