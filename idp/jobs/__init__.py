"""The door through which time knocks: what waits for a runner, and the words of the mails."""
