"""Everything that survives a restart. The only importer of SQLModel and SQLAlchemy."""
