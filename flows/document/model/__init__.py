"""Models of the parts of a flow document."""
