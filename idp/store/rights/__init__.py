"""No table yet."""
