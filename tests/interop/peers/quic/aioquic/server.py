"""A QUIC server on aioquic, for tests/interop: HTTP/3, hq-interop and "echo", versions 1 and 2.

usage: server.py CERTIFICATE KEY [retry]; prints "port N" when it can be talked to, then what it is asked and how each
connection ended.

A path, or the first line on a stream of any other protocol, can be an order: "close CODE REASON" (in a path:
/close/CODE/REASON) has it close the connection, "reset CODE" reset the stream, "update" change the keys. What follows such a
line, and everything else on such a stream, is sent back.
"""

import asyncio
import hashlib
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    StreamDataReceived,
    StreamReset,
)

HELLO = b"hello from aioquic\n"


class Peer(QuicConnectionProtocol):
    http = None
    alpn = None
    ours = False

    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        self.sums = {}
        self.begun = {}

    def quic_event_received(self, event):
        if isinstance(event, HandshakeCompleted):
            self.alpn = event.alpn_protocol
            version = {1: "v1", 0x6B3343CF: "v2"}[self._quic._version]
            resumed = str(event.session_resumed).lower()
            print(f"accepted: {version} {self.alpn} resumed={resumed}")
            if self.alpn == "h3":
                self.http = H3Connection(self._quic)
        elif isinstance(event, ConnectionTerminated):
            kind = "application" if event.frame_type is None else "transport"
            by = "by us" if self.ours else "by the peer"
            print(f'closed: {kind} {event.error_code} "{event.reason_phrase}" {by}')
        elif isinstance(event, StreamReset):
            print(f"stream: stream {event.error_code} by the peer")
        elif isinstance(event, StreamDataReceived) and self.http is None:
            self.talk(event.stream_id, event.data, event.end_stream)
        if self.http is not None:
            for asked in self.http.handle_event(event):
                if isinstance(asked, HeadersReceived):
                    self.answer(asked)

    def answer(self, asked):
        path = dict(asked.headers)[b":path"].decode()
        if not self.order(asked.stream_id, path[1:].split("/")):
            self.http.send_headers(asked.stream_id, [(b":status", b"200")])
            self.http.send_data(asked.stream_id, HELLO, True)

    def talk(self, stream, data, fin):
        if stream not in self.sums:
            begun = self.begun.pop(stream, b"") + data
            words = begun.split(b"\n")[0].decode(errors="replace").split(" ", 2)
            if words[0] in ("close", "reset", "update", "GET") and b"\n" not in begun:
                self.begun[stream] = begun
                return
            if self.alpn == "hq-interop":
                print("asked:", begun.decode().strip())
                if not self.order(stream, words[1].strip()[1:].split("/")):
                    self._quic.send_stream_data(stream, HELLO, True)
                return
            self.sums[stream] = [hashlib.sha256(), 0]
            if self.order(stream, words):
                if words[0] != "update":
                    return
                begun = begun.split(b"\n", 1)[1]
            data = begun
        total = self.sums[stream]
        total[0].update(data)
        total[1] += len(data)
        self._quic.send_stream_data(stream, data, fin)
        if fin:
            print(f"read: {total[1]} bytes, sha256 {total[0].hexdigest()}")

    def order(self, stream, words):
        """Does what they say; false when they say nothing."""
        if words[0] == "update":
            self._quic.request_key_update()
        elif words[0] == "close":
            self.ours = True
            self._quic.close(int(words[1]), reason_phrase=" ".join(words[2:]))
        elif words[0] == "reset":
            self._quic.reset_stream(stream, int(words[1]))
            self._quic.stop_stream(stream, int(words[1]))
        else:
            return False
        return True


async def main(certificate, key, *words):
    configuration = QuicConfiguration(
        is_client=False, alpn_protocols=["h3", "hq-interop", "echo"]
    )
    configuration.load_cert_chain(certificate, key)
    tickets = {}
    server = await serve(
        "127.0.0.1",
        0,
        configuration=configuration,
        create_protocol=Peer,
        retry="retry" in words,
        session_ticket_fetcher=tickets.get,
        session_ticket_handler=lambda ticket: tickets.update({ticket.ticket: ticket}),
    )
    print("port", server._transport.get_extra_info("sockname")[1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    asyncio.run(main(*sys.argv[1:]))
