"""Several partitions as one installation: which one has a contact, and what is done in all of them."""
