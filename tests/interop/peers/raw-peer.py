"""A TLS server over another library (Python's ssl, in memory) whose TCP side is ours: it ends connections exactly as told.

Prints "port N" once it listens. One thread per connection, until its standard input ends.

  --when close   act when the client's close_notify has come (default)
  --when first   act after answering the first request
  --act clean    close_notify, then FIN
  --act fin      FIN alone
  --act rst      RST alone
  --act silent   nothing at all
  --act garbage  right after the handshake: bytes that are no TLS record
  --stall N      send only the first N records of the handshake, then nothing at all
"""

import argparse
import os
import socket
import ssl
import struct
import sys
import threading

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe whole answer\n"


class Cut(Exception):
    """The stall that was asked for, or the peer's FIN."""


class Connection:
    def __init__(self, sock, context, options):
        self.sock, self.options = sock, options
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.records_left = options.stall

    def flush(self):
        data = self.outgoing.read()
        if self.records_left is not None:
            data, rest = self.first_records(data)
            self.sock.sendall(data)
            if rest:
                raise Cut
        elif data:
            self.sock.sendall(data)

    def first_records(self, data):
        at = 0
        while at < len(data) and self.records_left > 0:
            at += 5 + struct.unpack_from("!H", data, at + 3)[0]
            self.records_left -= 1
        return data[:at], data[at:]

    def carry_out(self, operation):
        while True:
            try:
                result = operation()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if not data:
                    raise Cut
                self.incoming.write(data)

    def serve(self):
        self.carry_out(self.tls.do_handshake)
        self.records_left = None
        if self.options.act == "garbage":
            self.sock.sendall(b"this is not a TLS record, whatever it is\r\n" * 4)
            return self.hold()
        while True:
            try:
                request = self.carry_out(lambda: self.tls.read(65536))
            except ssl.SSLZeroReturnError:
                request = b""
            if not request:
                return self.act()
            self.tls.write(ANSWER)
            self.flush()
            if self.options.when == "first":
                return self.act()

    def act(self):
        act = self.options.act
        if act == "clean":
            try:
                self.tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
            self.flush()
        if act in ("clean", "fin"):
            self.sock.shutdown(socket.SHUT_WR)
            self.hold()
        elif act == "rst":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
        else:
            self.hold()

    def hold(self):
        """Until the client has gone: nothing unread that would turn our close into a reset."""
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass


def converse(sock, context, options):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(sock, context, options)
    try:
        connection.serve()
    except Cut:
        connection.hold()
    except (OSError, ssl.SSLError) as error:
        print("error", error, file=sys.stderr, flush=True)
    finally:
        sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--tls", choices=["1.2", "1.3"], required=True)
    parser.add_argument("--act", default="clean")
    parser.add_argument("--when", choices=["close", "first"], default="close")
    parser.add_argument("--stall", type=int)
    options = parser.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    version = ssl.TLSVersion.TLSv1_2 if options.tls == "1.2" else ssl.TLSVersion.TLSv1_3
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(options.cert, options.key)

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print("port", listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=converse, args=(sock, context, options), daemon=True).start()


main()
