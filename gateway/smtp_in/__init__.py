"""Everything before the 250: who may hand us mail, and the durable yes."""
