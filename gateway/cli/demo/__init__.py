"""`demo`: a real conversation through real SMTP, on this machine only, with a company and a customer that do not exist.

`play.py` is the conversation, `world.py` what it needs: the gateway, a smarthost that keeps what it is given, a small DNS.
"""
