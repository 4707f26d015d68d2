#!/usr/bin/env python3
"""sink: takes TLS connections on 127.0.0.1 and appends what comes to a file, for tests of outputs.

usage: sink.py LOG --cert FILE --key FILE [--ca FILE]      prints its port
"""
import argparse
import socket
import ssl
import threading


def serve(conn, tls, path):
    try:
        with tls.wrap_socket(conn, server_side=True) as s:
            while data := s.recv(65536):
                with open(path, "ab") as f:
                    f.write(data)
    except OSError:
        pass


def main():
    p = argparse.ArgumentParser()
    p.add_argument("log")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--ca")
    a = p.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(a.cert, a.key)
    if a.ca:
        tls.load_verify_locations(a.ca)
        tls.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0), reuse_port=True)
    print(listener.getsockname()[1], flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, tls, a.log), daemon=True).start()


main()
