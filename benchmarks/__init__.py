"""Measures the gateway against real peers on this machine: `make bench`, or `python -m benchmarks NAME…` for single measures.

Every measure compares ours and a peer's in rounds that alternate, on loopback, with files on a real disk. Nothing here is part of
the product, and nothing the product does depends on it. Start with `__main__.py` and `measures.py`.
"""
