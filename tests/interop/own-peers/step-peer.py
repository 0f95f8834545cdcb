"""A TLS server over another library (Python's ssl, in memory) that does to each client what its steps say, byte by byte.

Prints "port N" once it listens. One thread per connection, until its standard input ends. The steps, after the handshake:

  heard           wait for the client's close_notify
  gone            wait for the client's FIN
  wait=MS         wait so long
  data=N          a record with N bytes of data (as many records as it takes)
  close_notify    that alert
  part=N          the first N bytes of a record, and no more of it
  text=TEXT       these bytes, outside of TLS
  +data=N ...     a step that begins with + keeps its bytes for the next segment
  drip            what was kept, a byte at a time
  ticks=N         N records of data, 20 ms apart
  fin             FIN
  rst             RST
  close           close(2): FIN, or RST over what was not read

Then it waits for the client to go.
"""

import argparse
import os
import socket
import ssl
import struct
import sys
import threading
import time


class Connection:
    def __init__(self, sock, context):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.kept = b""
        self.keeps = False

    def take(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.incoming.write(data)

    def say(self, data):
        self.kept += data
        if not self.keeps:
            data, self.kept = self.kept, b""
            self.sock.sendall(data)

    def handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                return self.sock.sendall(self.outgoing.read())
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                self.take()

    def run(self, steps):
        for step in steps:
            self.keeps = step.startswith("+")
            name, _, value = step.lstrip("+").partition("=")
            getattr(self, "do_" + name)(value)

    def do_heard(self, _):
        while True:
            try:
                if not self.tls.read(65536):
                    return
            except ssl.SSLZeroReturnError:
                return
            except ssl.SSLWantReadError:
                self.take()

    def do_gone(self, _):
        while self.sock.recv(65536):
            pass

    def do_wait(self, ms):
        time.sleep(float(ms) / 1000)

    def do_data(self, count):
        left = int(count)
        while left > 0:
            some = min(left, 16384)
            self.tls.write(b"x" * some)
            self.say(self.outgoing.read())
            left -= some

    def do_close_notify(self, _):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.say(self.outgoing.read())

    def do_part(self, count):
        self.tls.write(b"x" * 100)
        self.say(self.outgoing.read()[: int(count)])

    def do_text(self, text):
        self.say(text.encode())

    def do_drip(self, _):
        data, self.kept = self.kept, b""
        for byte in data:
            self.sock.sendall(bytes([byte]))
            time.sleep(0.002)

    def do_ticks(self, count):
        for _ in range(int(count)):
            self.do_data(4)
            time.sleep(0.02)

    def do_fin(self, _):
        self.sock.shutdown(socket.SHUT_WR)

    def do_rst(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def do_close(self, _):
        self.sock.close()


def converse(sock, context, steps):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(sock, context)
    try:
        connection.handshake()
        connection.run(steps)
        if sock.fileno() >= 0:
            connection.do_gone("")
    except (EOFError, OSError, ssl.SSLError):
        pass
    finally:
        sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--tls", choices=["1.2", "1.3"], required=True)
    parser.add_argument("steps", nargs="*")
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
        threading.Thread(target=converse, args=(sock, context, options.steps), daemon=True).start()


main()
