"""Everything that leaves: outbox to smarthost."""
