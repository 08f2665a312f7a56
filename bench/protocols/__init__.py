"""How a crowd's client talks to one kind of server; each module has a class `Client`."""
