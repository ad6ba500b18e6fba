"""JSON Web Tokens signed with HS256 and RS256 (RFC 7515, RFC 7519)."""

import base64
import hashlib
import hmac
import json
import re
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


def sign_many_rs256(private_key: Path, role: str, count: int) -> tuple[str, ...]:
    """So many tokens, each with another `jti`. In one process: a run of openssl for each would take longer than the benchmark."""
    key = _RsaKey(private_key)
    return tuple(_token("RS256", role, key.sign, jti=str(number)) for number in range(count))


class _RsaKey:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), by the Chinese remainder theorem."""

    DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")

    def __init__(self, path: Path) -> None:
        text = subprocess.run(["openssl", "rsa", "-in", str(path), "-noout", "-text"], capture_output=True, text=True,
                              check=True).stdout
        numbers = {name: int(digits.replace(":", "").replace(" ", "").replace("\n", ""), 16)
                   for name, digits in re.findall(r"^(\w+):\n((?: +[0-9a-f:]+\n)+)", text, re.M)}
        self._modulus = numbers["modulus"]
        self._primes = numbers["prime1"], numbers["prime2"]
        self._exponents = numbers["exponent1"], numbers["exponent2"]
        self._coefficient = numbers["coefficient"]

    def sign(self, signed: bytes) -> bytes:
        """The signature of a text."""
        length = (self._modulus.bit_length() + 7) // 8
        digest = self.DIGEST_INFO + hashlib.sha256(signed).digest()
        message = int.from_bytes(b"\0\1" + b"\xff" * (length - len(digest) - 3) + b"\0" + digest, "big")
        p, q = self._primes
        first, second = (pow(message, exponent, prime) for exponent, prime in zip(self._exponents, self._primes))
        return (second + q * ((first - second) * self._coefficient % p)).to_bytes(length, "big")


def rsa_key(folder: Path) -> tuple[Path, Path]:
    """A new RSA key of 2048 bits: the private and the public one, in PEM."""
    private, public = folder / "rsa.key", folder / "rsa.pem"
    for command in (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(private)],
                    ["pkey", "-in", str(private), "-pubout", "-out", str(public)]):
        subprocess.run(["openssl", *command], capture_output=True, check=True)
    return private, public


def _token(algorithm: str, role: str, signature: Callable[[bytes], bytes], **more: str) -> str:
    now = int(time.time())
    claims = {"sub": "b2c1f2c4-5d39-4a5e-9d57-1b7c5f0c6a11", "role": role, "iss": "bench", "aud": "bench",
              "iat": now, "exp": now + LIFETIME_S, **more}
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode())
                      for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    return f"{signed}.{_encode(signature(signed.encode()))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
