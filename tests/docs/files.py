"""The files that a configuration names: secrets, keys, certificates, folders of logs. Those that are not there are made."""

import base64
import json
import os
import re
import secrets
import subprocess
from pathlib import Path

from nginx_conf import statements

NAME = r"""["']?([^\s;"']+)"""


def openssl(*arguments: str) -> bytes:
    """Runs openssl and gives back what it writes."""
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def secret(path: Path):
    """A random text."""
    path.write_text(secrets.token_hex(32))


def private_key(path: Path):
    """A key of the curve P-256, in PKCS #8."""
    path.write_bytes(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))


def public_key(path: Path):
    """A public key of the same."""
    private = path.with_name(path.name + ".private")
    private_key(private)
    path.write_bytes(openssl("pkey", "-in", str(private), "-pubout"))


def key_set(path: Path):
    """A key set with one key, whose private half is beside it."""
    private = path.with_name(path.name + ".private")
    private.write_bytes(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    modulus = openssl("rsa", "-in", str(private), "-noout", "-modulus").decode().strip().partition("=")[2]
    number = base64.urlsafe_b64encode(bytes.fromhex(modulus)).decode().rstrip("=")
    path.write_text(json.dumps({"keys": [{"kty": "RSA", "kid": "1", "use": "sig", "n": number, "e": "AQAB"}]}))


def certificate(path: Path):
    """A certificate that signs itself, with its key beside it."""
    key = path.with_name(path.name + ".key")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=localhost",
            "-keyout", str(key), "-out", str(path))


# Which directive and parameter names a file of which kind.
KINDS = [
    (r"^postern_issue_token\b.*\bkey_file=", private_key),
    (r"\bkey_file=", public_key),
    (r"\b(?:secret_file|refresh_secret)=", secret),
    (r"^password_file\s+", secret),
    (r"\bjwks_file=", key_set),
    (r"\b(?:trusted_certificate|sslrootcert)=", certificate),
    (r"^(?:postern_security_log|access_log|error_log)\s+", None),
]


def flat(text: str) -> list:
    """All directives of a configuration, those inside of blocks too."""
    found = []
    for statement in statements(text):
        if statement.text.endswith("}"):
            found.extend(flat(statement.text.partition("{")[2][:-1]))
        else:
            found.append(" ".join(statement.text.split()))
    return found


def make_files(text: str, base: Path):
    """Makes what the configuration names and is not there."""
    certificates(text, base)
    for directive in flat(text):
        for pattern, make in KINDS:
            for match in re.finditer(pattern + NAME, directive):
                path = base / match[1]
                if re.match(r"(syslog:|stdout|stderr|off|/dev/)", match[1]):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                if make is not None and not path.exists():
                    make(path)
                    os.chmod(path, 0o644 if make is certificate else 0o600)


def certificates(text: str, base: Path):
    """Certificate and key belong together, in two directives."""
    files = dict(re.findall(r"\b(ssl_certificate(?:_key)?)\s+" + NAME, text))
    if len(files) == 2 and not (base / files["ssl_certificate"]).exists():
        path = base / files["ssl_certificate"]
        path.parent.mkdir(parents=True, exist_ok=True)
        certificate(path)
        path.with_name(path.name + ".key").rename(base / files["ssl_certificate_key"])
