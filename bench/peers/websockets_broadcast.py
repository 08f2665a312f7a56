"""`websockets.broadcast`, as its documentation shows it."""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

connections = set()


async def chat(websocket):
    connections.add(websocket)
    try:
        async for message in websocket:
            broadcast(connections, message)
    finally:
        connections.remove(websocket)


async def main():
    async with serve(chat, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
