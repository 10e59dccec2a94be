"""Rules: pure values and decisions, standard library only. Knows nothing of the other floors."""
