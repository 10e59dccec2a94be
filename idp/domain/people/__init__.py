"""Who someone is and how an account lives: identifiers, names, roles, states, password policies."""
