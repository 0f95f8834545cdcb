"""A server as people write it with Python's ssl module: wrap the socket, answer one request, unwrap, close.

Prints "port N" once it listens; one connection after another, until its standard input ends.
"""

import os
import socket
import ssl
import sys
import threading

cert, key, tls = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
version = ssl.TLSVersion.TLSv1_2 if tls == "1.2" else ssl.TLSVersion.TLSv1_3
context.minimum_version = context.maximum_version = version
context.load_cert_chain(cert, key)


def converse(sock):
    sock.settimeout(10)
    try:
        with context.wrap_socket(sock, server_side=True) as stream:
            request = stream.recv(4096)
            if request:
                stream.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello from Python\n")
            stream.unwrap()
    except (OSError, ssl.SSLError) as error:
        print("error", error, file=sys.stderr, flush=True)


listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    converse(listener.accept()[0])
