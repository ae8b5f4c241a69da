"""What an author works with: lint, drawings, conversations as tests."""
