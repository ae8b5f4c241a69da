"""HTTP routes of the dialog for Starlette and FastAPI applications."""
