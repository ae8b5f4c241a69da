"""Files of contacts: voice notes as text, answers as voice notes, pictures."""
