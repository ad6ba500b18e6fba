"""The requests that are measured, and what a right answer to each is."""

import http.client
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from .failure import Failure

ROW = 4242
PAGE = 20
NEW_ROW = {"name": "Item number 4242", "price": 5302.5, "qty": 42, "tags": ["red", "tag0"], "owner": "user42",
           "note": "A note on item 4242, of some length."}


@dataclass(frozen=True)
class Request:
    """A request as wrk repeats it."""

    method: str
    port: int
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Each time another one, in turn; `headers` has one of them.
    tokens: tuple[str, ...] = ()
    # Every so many times a request with this method and body, to the same path.
    every: int = 0
    other_method: str = ""
    other_body: bytes = b""

    def head(self) -> bytes:
        """The request as it goes over the connection."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode()

    def answer(self) -> str:
        """Sends it once and returns the body of the answer, which must be the right one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(self.method, self.path, self.body or None, self.headers)
            response = connection.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{self.method} {self.path}: {error!r}") from error
        finally:
            connection.close()
        if response.status != self.status:
            raise Failure(f"{self.method} {self.path} is answered with {response.status}: {body[:500]}")
        return body

    def script_arguments(self, folder: Path) -> list[str]:
        """What wrk.lua is to be told."""
        arguments = [self.method, "-"]
        if self.body:
            path = folder / "body.json"
            path.write_bytes(self.body)
            arguments[1] = str(path)
        if self.tokens:
            path = folder / "tokens"
            path.write_text("\n".join(self.tokens), encoding="ascii")
            arguments.append(str(path))
        if self.every:
            path = folder / "other.json"
            path.write_bytes(self.other_body)
            arguments += ["-"] * (3 - len(arguments)) + [str(self.every), self.other_method, str(path)]
        return arguments


def by_id(port: int, token: str, location: str = "/items") -> Request:
    """GET by id, of Postern or of the nginx that only returns its bytes: the request is the same."""
    return Request("GET", port, f"{location}/{ROW}", 200, {"Authorization": f"Bearer {token}"})


def by_id_with_tokens(port: int, tokens: tuple[str, ...], location: str) -> Request:
    """GET by id with each of the tokens in turn."""
    return replace(by_id(port, tokens[0], location), tokens=tokens)


def not_modified(request: Request) -> Request:
    """The same under the tag of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", request.port, timeout=10)
    try:
        connection.request(request.method, request.path, None, request.headers)
        tag = connection.getresponse().getheader("ETag")
    finally:
        connection.close()
    if not tag:
        raise Failure(f"{request.path} is answered without a tag")
    return replace(request, status=304, headers={**request.headers, "If-None-Match": tag})


def with_writes(request: Request) -> Request:
    """The same, and a write of the row every fifth time."""
    return replace(request, every=5, other_method="PATCH", other_body=b'{"qty":42}')


# What a browser sends with every request.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*", "Accept-Language": "en-US,en;q=0.9,de;q=0.8",
    "Referer": "https://app.example.org/items?page=2&sort=name", "Origin": "https://app.example.org",
    "Cookie": "session=6f1ed002ab5595859014ebf0951522d9; theme=dark; _ga=GA1.2.1234567890.1700000000",
    "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
}


def browser_get(port: int, location: str) -> Request:
    """GET as a browser sends it, with a few arguments."""
    return Request("GET", port, f"{location}/items?page=2&sort=name,id&q=red+kettle", 200, BROWSER)


def browser_post(port: int, location: str) -> Request:
    """POST of 870 bytes of JSON."""
    row = {**NEW_ROW, "note": ""}
    sentence = "A note on the item, as people write them: it isn't new, but works well - select it if you like. "
    length = 870 - len(json.dumps(row))
    row["note"] = (sentence * (length // len(sentence) + 1))[:length]
    return Request("POST", port, f"{location}/items", 200, {**BROWSER, "Content-Type": "application/json"},
                   json.dumps(row).encode())


def page(port: int, token: str) -> Request:
    """A list page."""
    return Request("GET", port, f"/items?limit={PAGE}", 200, {"Authorization": f"Bearer {token}"})


def insert(port: int, token: str) -> Request:
    """POST of one row."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Request("POST", port, "/posted_items", 201, headers, json.dumps(NEW_ROW).encode())


def check(one: str, many: str, created: str) -> None:
    """The answers must be what they seem."""
    rows = json.loads(many)["data"]
    if json.loads(one)["id"] != ROW:
        raise Failure(f"GET by id answers with another row: {one}")
    if [row["id"] for row in rows] != list(range(1, PAGE + 1)):
        raise Failure(f"the list is not the first page: {many[:500]}")
    if json.loads(created)["name"] != NEW_ROW["name"]:
        raise Failure(f"POST answers with another row: {created}")
