"""Access of operators: their keys and roles, and from where a request comes."""
