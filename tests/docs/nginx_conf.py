"""Configurations of nginx: which context a fragment belongs to, and a whole file made around it."""

import re
from dataclasses import dataclass

# One word, one quoted text, one sign, or a comment.
TOKEN = re.compile(r"""\s+|\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\\.|\$\{|[^\s{};"'\\])(?:\\.|\$\{[^}]*\}|[^\s{};\\])*""")

MAIN = {
    "load_module", "user", "worker_processes", "worker_shutdown_timeout", "thread_pool", "pid", "events", "http", "stream", "env",
    "worker_rlimit_nofile", "error_log",
}
HTTP = {
    "server", "upstream", "map", "geo", "log_format", "split_clients", "limit_req_zone", "proxy_cache_path",
    "postern_database", "postern_zone", "postern_metrics_zone",
}
SERVER = {"location", "listen", "server_name", "ssl_certificate", "ssl_certificate_key"}
LOCATION = {
    "postern_resource", "postern_sql", "postern_purge", "postern_health", "postern_metrics", "postern_issue_token", "proxy_pass", "alias",
}


@dataclass
class Statement:
    """A directive of the outermost level, with its block if it has one."""

    name: str
    text: str


def statements(text: str) -> list:
    """The directives of the outermost level, in order."""
    found, begin, name, depth, position = [], None, None, 0, 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot be read as nginx's configuration: {text[position:position + 40]!r}")
        token = match[0]
        if not token.isspace() and not token.startswith("#"):
            if begin is None:
                begin, name = position, token
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0 and token in ";}":
                found.append(Statement(name, text[begin : match.end()]))
                begin = None
        position = match.end()
    if begin is not None:
        raise ValueError(f"a directive does not end: {text[begin:begin + 40]!r}")
    return found


def is_whole(text: str) -> bool:
    """Whether this is a file of its own and no fragment."""
    return any(statement.name in ("events", "http") for statement in statements(text))


def sorted_by_context(text: str, context: str | None) -> dict:
    """The directives of a fragment by the context that they belong to. What may stand in several goes where its neighbours are."""
    parts = {"main": [], "http": [], "server": [], "location": []}
    found = statements(text)
    names = {statement.name for statement in found}
    anywhere = context or ("location" if names & LOCATION else "http" if "server" in names else "server")
    for statement in found:
        if statement.name in MAIN:
            parts["main"].append(statement.text)
        elif statement.name in HTTP and context in (None, "http"):
            parts["http"].append(statement.text)
        elif statement.name in SERVER and context != "location":
            parts["server"].append(statement.text)
        else:
            parts[anywhere].append(statement.text)
    return parts


def whole(text: str, defaults: str, main: str, context: str | None = None) -> str:
    """A file around a fragment, with a server on port 8080 unless it has its own, and what it refers to and does not define.

    `defaults` are directives of http, of which only those are taken that the fragment does not have itself.
    """
    if is_whole(text):
        return text
    parts = sorted_by_context(text, context)
    for statement in statements(defaults):
        name = statement.text.split()[1].rstrip(";{")
        own = any(re.match(rf"{statement.name}\s+{name}\b", other) for other in parts["http"])
        used = re.search(rf"\b{name}\b", text) or (statement.name == "postern_zone" and "postern_limit" in text)
        zones = any(other.startswith("postern_zone") for other in parts["http"])
        if not own and used and not (statement.name == "postern_zone" and zones):
            parts["http"].insert(0, statement.text)
    if re.search(r"\bpostern_jwt\w*\b", text) and not re.search(r"\b(secret_file|key_file|jwks_file|jwks_url)=", text):
        parts["http"].insert(0, "postern_jwt secret_file=/etc/postern/jwt.key;")
    if parts["location"]:
        parts["server"].append("location / {\n" + "\n".join(parts["location"]) + "\n}")
    server = "\n".join(parts["server"])
    if server or not any(statement.startswith("server") for statement in parts["http"]):
        listen = "" if re.search(r"^listen\b", server, re.MULTILINE) else "listen 8080;\n"
        parts["http"].append(f"server {{\n{listen}{server}\n}}")
    if not re.search(r"\bload_module\b", text):
        parts["main"].insert(0, "load_module /usr/lib/nginx/modules/ngx_http_postern_module.so;")
    inner = "\n".join(parts["http"])
    return "\n".join([*parts["main"], main, "events {}", f"http {{\n{inner}\n}}", ""])
