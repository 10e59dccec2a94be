"""The job runner's door: maps job kinds and outbox messages to use cases."""
