"""Client for servers that speak the OpenAI protocol. Importing it takes about a second."""
