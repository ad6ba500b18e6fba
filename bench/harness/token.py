"""JSON Web Tokens signed with HS256 and RS256 (RFC 7515, RFC 7519)."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
from pathlib import Path
from typing import Callable

LIFETIME_S = 24 * 3600


def sign(secret: bytes, role: str) -> str:
    """A token signed with HS256, with the claims that one usually has."""
    return _token("HS256", role, lambda signed: hmac.new(secret, signed, hashlib.sha256).digest())


def sign_rs256(private_key: Path, role: str) -> str:
    """The same signed with RS256."""
    command = ["openssl", "dgst", "-sha256", "-sign", str(private_key)]
    return _token("RS256", role, lambda signed: subprocess.run(command, input=signed, capture_output=True, check=True).stdout)


def rsa_key(folder: Path) -> tuple[Path, Path]:
    """A new RSA key of 2048 bits: the private and the public one, in PEM."""
    private, public = folder / "rsa.key", folder / "rsa.pem"
    for command in (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(private)],
                    ["pkey", "-in", str(private), "-pubout", "-out", str(public)]):
        subprocess.run(["openssl", *command], capture_output=True, check=True)
    return private, public


def _token(algorithm: str, role: str, signature: Callable[[bytes], bytes]) -> str:
    now = int(time.time())
    claims = {"sub": "b2c1f2c4-5d39-4a5e-9d57-1b7c5f0c6a11", "role": role, "iss": "bench", "aud": "bench",
              "iat": now, "exp": now + LIFETIME_S}
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode())
                      for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    return f"{signed}.{_encode(signature(signed.encode()))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
