"""Pages of the gateway itself: errors, health."""
