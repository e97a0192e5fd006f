"""Alembic's folder: one file per change of the schema, applied when a gateway starts."""
