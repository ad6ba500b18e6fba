#!/usr/bin/env python3
"""An identity provider for tests of docs: keys, a server of their public halves over HTTPS, and tokens.

    identity.py make FOLDER              an RSA and an EC key, an authority ca.crt and a certificate for localhost
    identity.py serve FOLDER PORT        answers every path with the key set, in the background once it listens
    identity.py token FOLDER ALG CLAIMS  a token: RS256 or ES256, with the claims of a JSON object; exp is set here
"""

import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def openssl(*arguments: str, data: bytes | None = None) -> bytes:
    """Runs openssl and gives back what it writes."""
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def make(folder: Path):
    """Everything that is kept in files."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    openssl("genpkey", *RSA, "-out", "RS256.key")
    openssl("genpkey", *EC, "-out", "ES256.key")
    openssl("genpkey", *EC, "-out", "ca.key")
    openssl("req", "-x509", "-key", "ca.key", "-days", "1", "-subj", "/CN=Authority of the tests", "-out", "ca.crt")
    openssl("genpkey", *EC, "-out", "server.key")
    openssl("req", "-new", "-key", "server.key", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
            "-copy_extensions", "copyall", "-out", "server.crt")


def key_set(folder: Path) -> bytes:
    """The public keys as a JSON Web Key Set."""
    modulus = openssl("rsa", "-in", str(folder / "RS256.key"), "-noout", "-modulus").decode().strip().partition("=")[2]
    # The point is the end of the key in DER: 32 bytes of each coordinate.
    point = openssl("pkey", "-in", str(folder / "ES256.key"), "-pubout", "-outform", "DER")[-64:]
    return json.dumps({"keys": [
        {"kty": "RSA", "kid": "RS256", "use": "sig", "n": encoded(bytes.fromhex(modulus)), "e": "AQAB"},
        {"kty": "EC", "kid": "ES256", "use": "sig", "alg": "ES256", "crv": "P-256", "x": encoded(point[:32]), "y": encoded(point[32:])},
    ]}).encode()


def serve(folder: Path, port: int):
    """Answers until it is ended."""
    body = key_set(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        """One key set for every path."""

        def do_GET(self):  # pylint: disable=invalid-name
            """Answers."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    if os.fork() == 0:
        # The shell waits for whoever holds its output.
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        server.serve_forever()


def raw_signature(der: bytes) -> bytes:
    """The two numbers of an ECDSA signature, 32 bytes each, out of their DER."""
    first = der[4 : 4 + der[3]]
    rest = der[4 + der[3] :]
    second = rest[2 : 2 + rest[1]]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (first, second))


def token(folder: Path, algorithm: str, claims: str) -> str:
    """Signs."""
    payload = json.dumps(json.loads(claims) | {"exp": int(time.time()) + 600})
    message = ".".join(encoded(part.encode()) for part in (json.dumps({"alg": algorithm, "kid": algorithm}), payload))
    signature = openssl("dgst", "-sha256", "-sign", str(folder / f"{algorithm}.key"), data=message.encode())
    return f"{message}.{encoded(signature if algorithm == 'RS256' else raw_signature(signature))}"


def main(arguments: list):
    """One of the three."""
    folder = Path(arguments[1])
    if arguments[0] == "make":
        make(folder)
    elif arguments[0] == "serve":
        serve(folder, int(arguments[2]))
    else:
        print(token(folder, arguments[2], arguments[3]))


main(sys.argv[1:])
