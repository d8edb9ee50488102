"""What both services share. Imports neither of them, nor Dagster, nor Litestar."""
