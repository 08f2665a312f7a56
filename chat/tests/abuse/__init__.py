"""What one hostile stranger, or a hundred, can do to the others: real processes, real sockets from
many addresses of 127.0.0.0/8, and people elsewhere who notice nothing.

link.py      one connection, read and written as bytes
visitor.py   somebody at an address: connects, shakes hands, joins
attack.py    an attack is a name, so many connections an address, and what one of them does
frames.py, joins.py, posts.py, requests.py, dawdling.py, hints.py    the attacks
attacks.py   the table of them
attacker.py  a process that attacks
control.py   a process of people at other addresses who talk, load the page and come in
evening.py   both at once: what the people saw, what the process took, what the attacker got
table.py     writes what was measured into docs/SECURITY.md
"""
