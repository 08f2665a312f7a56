"""picows (a WebSocket library in Cython) on uvloop, in the shape of its echo server."""

import asyncio
import sys

import uvloop
from picows import WSListener, WSMsgType, ws_create_server

transports = set()


class Chat(WSListener):
    def on_ws_connected(self, transport):
        transports.add(transport)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            message = frame.get_payload_as_bytes()
            for other in transports:
                other.send(WSMsgType.TEXT, message)

    def on_ws_disconnected(self, transport):
        transports.discard(transport)


async def main():
    server = await ws_create_server(lambda request: Chat(), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
