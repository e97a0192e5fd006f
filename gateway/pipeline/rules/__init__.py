"""What an admin says about mail and tickets: conditions, actions, and the order in which rules and triggers run.

A condition is one class in `conditions.py`, an action one in `actions.py`; the file's keys, its errors, its example and
`docs/rules.md` are made from them. `ruling.py` runs rules on a mail, `triggers.py` on what happens to a ticket. Pure.
"""
