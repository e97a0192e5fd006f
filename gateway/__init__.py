"""Ticket Gateway: mail to a support address becomes tickets, and agents answer from their mail program."""

__version__ = "0.1.0"
