"""What a mail says: from bytes to a `Reading`. Pure; never raises on any bytes, and takes linear time for all of them.

Start with `parse.py` (bytes to a message) and `read.py` (what the person wrote, and whether it was a person); each question has a
module of its own.
"""
