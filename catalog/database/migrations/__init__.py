"""The history of the catalogue database's schema, told by Alembic."""
