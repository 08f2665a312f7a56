"""`python -m chatsite.serve HOST PORT`: what `make run` runs. It says where the room is, once it is
there, and lets in who calls it by one of this machine's names."""

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
from typing import Any

from chatsite import start

EVERYWHERE = {"0.0.0.0", "::"}  # all addresses of this machine; `::` has those of IPv4, too


def main(host: str, port: str) -> None:
    host = host.strip("[]") or "127.0.0.1"
    if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        start.refuse(f"PORT={port!r} can't be used: say a whole number up to 65535, as 8000")
    addresses = own_addresses(host) if host in EVERYWHERE else []
    if not os.environ.get("ALLOWED_HOSTS"):  # a list that you have set stands
        os.environ["ALLOWED_HOSTS"] = ",".join(names(host, addresses))

    from daphne.cli import CommandLineInterface
    from daphne.endpoints import build_endpoint_description_strings

    from chatsite.asgi import application  # makes Django ready, which makes it our server

    server: Any = CommandLineInterface.server_class(
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=int(port)),
        ready_callable=lambda: announce(host, server.listening_addresses[0][1], addresses),
        verbosity=0,
    )
    server.run()


def announce(host: str, port: int, addresses: list[str]) -> None:
    """Called when it listens."""
    here = url("localhost" if host in EVERYWHERE else host, port)
    print(f"Simple chat is at {here} (Ctrl-C ends it)")
    for address in addresses:
        print(f"    from other devices: {url(address, port)}")
    print(f"To keep the room in order: make admin, then {here}admin/", flush=True)


def names(host: str, addresses: list[str]) -> list[str]:
    """What the room may be called where it listens on `host`."""
    here = ["localhost", "127.0.0.1", "[::1]"]
    if host not in EVERYWHERE:
        return [*here, bracketed(host)]
    name = socket.gethostname()
    return [*here, name, f"{name}.local", *map(bracketed, addresses)]


def url(host: str, port: int) -> str:
    return f"http://{bracketed(host)}:{port}/"


def bracketed(host: str) -> str:
    """As it stands in a URL, in the short form that browsers make of it."""
    with contextlib.suppress(ValueError):
        if ":" in host:
            return f"[{ipaddress.ip_address(host)}]"
    return host


def own_addresses(everywhere: str) -> list[str]:
    """What other devices may call this machine; by IPv6 too where that is listened on."""
    found = []
    with contextlib.suppress(OSError, subprocess.SubprocessError):  # Linux
        listed = subprocess.run(["hostname", "-I"], check=True, capture_output=True, text=True)
        found += listed.stdout.split()
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which address would be used
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    own = (address for address in dict.fromkeys(found) if not address.startswith("127."))
    return [address for address in own if ":" not in address or everywhere == "::"]


if __name__ == "__main__":
    main(*sys.argv[1:])
