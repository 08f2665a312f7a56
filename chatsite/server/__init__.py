"""Daphne, made fit for the open internet. It knows nothing of the chat.

daphne.py       the server: whose request it is, how a process begins and ends
terms.py        what the application hands in, and is asked
door.py         how many may connect, in all and from one network
descriptors.py  open files that are kept back, and what is said when they run out
channel.py      one HTTP connection: deadlines for what comes in
pace.py         and for what is to be read
request.py      one request: bounded, and asked about before the application sees it
answers.py      what the server answers by itself
websocket.py    one socket: what its frames mean, and what the application says
reading.py      how it is read: a few frames at a time, not while too much waits
inward.py       frames, and the messages they make
writing.py      how it is written to, and how it ends
transport.py    the way out: at once where it can, and how much waits is known
lifespan.py     tells the application of its process's begin and end
forwarded.py    where a request really comes from

What is here of Twisted and Daphne that their documentation doesn't name is listed, with the reason,
in chat/tests/server/test_foreign_names.py, which tells when it is gone.
"""
