"""No use case yet."""
