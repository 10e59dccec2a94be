"""Tables and queries, one file a noun. Functions take the open connection first; none opens or ends a transaction."""
