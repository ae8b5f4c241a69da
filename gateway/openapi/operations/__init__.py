"""Operations of the HTTP API by topic."""
