"""A QUIC client on aioquic, for tests/interop.

usage: client.py PORT AUTHORITY close|wait [v2] [update] [again] [big]
close: it has something sent back over ALPN "echo" (1 MiB with "big", after a change of keys with "update") and closes with code
7, "done". wait: it asks for "/" over hq-interop, and tells how the server ends the connection. "again": twice, the second time
with the session of the first one.
"""

import asyncio
import os
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted
from aioquic.quic.packet import QuicProtocolVersion


class Client(QuicConnectionProtocol):
    ours = False
    alpn = None
    end = None

    def quic_event_received(self, event):
        super().quic_event_received(event)
        if isinstance(event, HandshakeCompleted):
            version = {1: "v1", 0x6B3343CF: "v2"}[self._quic._version]
            resumed = str(event.session_resumed).lower()
            self.alpn = event.alpn_protocol
            print(f"connected: {version} {self.alpn} resumed={resumed}")
        elif isinstance(event, ConnectionTerminated):
            kind = "application" if event.frame_type is None else "transport"
            by = "by us" if self.ours else "by the peer"
            self.end = f'{kind} {event.error_code} "{event.reason_phrase}" {by}'
            if self.alpn is None:
                print("failed:", self.end)


async def converse(port, configuration, words, tickets):
    waits = words[0] == "wait"
    configuration.alpn_protocols = ["hq-interop" if waits else "echo"]
    async with connect(
        "127.0.0.1",
        port,
        configuration=configuration,
        create_protocol=Client,
        session_ticket_handler=tickets.append,
    ) as client:
        reader, writer = await client.create_stream()
        data = b"GET /\r\n"
        if not waits:
            data = os.urandom(1 << 20) if "big" in words else b"over streams"
            if "update" in words:
                await client.ping()
                client.request_key_update()
        writer.write(data)
        writer.write_eof()
        answer = b""
        reading = asyncio.ensure_future(reader.read())
        ending = asyncio.ensure_future(client.wait_closed())
        await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            answer = reading.result()
        if waits:
            print(f"answer: {len(answer)} bytes")
            await ending
            print("closed:", client.end)
            return
        same = str(answer == data).lower()
        print(f"echo: {len(answer)} bytes, the same: {same}")
        client.ours = True
        client.close(7, reason_phrase="done")
        await ending


async def main(port, authority, *words):
    tickets = []
    for _ in range(2 if "again" in words else 1):
        version = QuicProtocolVersion.VERSION_2 if "v2" in words else QuicProtocolVersion.VERSION_1
        configuration = QuicConfiguration(
            is_client=True,
            server_name="localhost",
            supported_versions=[version],
            session_ticket=tickets[-1] if tickets else None,
            idle_timeout=5.0,
        )
        configuration.load_verify_locations(authority)
        try:
            await asyncio.wait_for(converse(int(port), configuration, words, tickets), 20)
        except ConnectionError:
            sys.exit(1)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    asyncio.run(main(*sys.argv[1:]))
