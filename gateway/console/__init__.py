"""The console: web pages for operators and agents."""
