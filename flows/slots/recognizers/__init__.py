"""Recognition of the values of each slot type in user text."""
