"""Making and importing accounts."""
