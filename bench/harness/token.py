"""A JSON Web Token signed with HS256 (RFC 7515, RFC 7519)."""

import base64
import hashlib
import hmac
import json
import time

LIFETIME_S = 24 * 3600


def sign(secret: bytes, role: str) -> str:
    """A token with the claims that one usually has."""
    now = int(time.time())
    claims = {"sub": "b2c1f2c4-5d39-4a5e-9d57-1b7c5f0c6a11", "role": role, "iss": "bench", "aud": "bench",
              "iat": now, "exp": now + LIFETIME_S}
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode())
                      for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{signed}.{_encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
