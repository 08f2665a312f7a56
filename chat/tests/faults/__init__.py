"""What must hold whatever breaks: real processes, real servers, real signals, with people talking.

crowd.py     people: clients (client.py) that talk, read, reconnect, and resend, in a thread
oracle.py    what must be true in the end, written once
fault.py     `with fault(…):` load before, a fault inside, recovery and the oracle after
sabotage.py  Daphne with something wrong in it, started in place of `python -m daphne`
rude.py      a client that does not keep to any rule
table.py     writes what was measured into docs/RELIABILITY.md
"""
