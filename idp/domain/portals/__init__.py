"""Who relies on us and what they are told: clients, scopes, claims, subjects."""
