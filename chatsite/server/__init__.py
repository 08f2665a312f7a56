"""Daphne, made fit for the open internet. It knows nothing of the chat.

daphne.py      the server: bounds, whose request it is, how a process begins and ends
websocket.py   one socket
inward.py      what comes in by it: frames, a few at a time, and the messages they make
transport.py   the way out: at once where it can, and how much waits is known
lifespan.py    tells the application of its process's begin and end
forwarded.py   where a request really comes from
terms.py       what the application hands in

What is here of Twisted and Daphne that their documentation doesn't name is listed, with the reason,
in chat/tests/server/test_foreign_names.py, which tells when it is gone.
"""
