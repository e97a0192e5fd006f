"""Everything after the 250: from stored bytes to ticket. Can be replayed."""
