"""Tables of audit, keys, outbox, jobs, rate limits and single-use markers."""
