"""What can be proven about who sent a mail. Observes, never decides."""
