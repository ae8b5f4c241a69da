"""Tools offered by servers of the Model Context Protocol."""
