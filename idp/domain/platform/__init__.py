"""What keeps the gateway honest and running: the rules of it."""
