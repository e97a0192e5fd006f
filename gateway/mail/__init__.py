"""The words everybody shares about mail. Values only: frozen, no I/O, nothing decided.

`received` is what came in, with its `envelope`; `evidence` what can be proven about who sent it; `message` what it claims, and
`reading` what we make of that; `outbound` what goes out. `addresses` and `content` are the words that all of these are made of.
"""
