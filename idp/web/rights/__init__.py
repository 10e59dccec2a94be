"""No page yet."""
