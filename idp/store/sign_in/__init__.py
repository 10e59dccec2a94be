"""Tables of sessions, known devices, sign-in links and authorization transactions."""
