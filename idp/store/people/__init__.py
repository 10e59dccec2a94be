"""Tables of legal units, establishments, people and accounts."""
