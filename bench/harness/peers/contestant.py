"""Who is measured: a way to answer the endpoints, alone or behind nginx."""

import datetime
import http.client
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from .. import requests
from ..failure import Failure
from ..requests import Request

BY_ID, PAGE, INSERT, CACHED = "GET by id", "list of 20", "POST", "cached GET"
OPERATIONS = (BY_ID, PAGE, INSERT, CACHED)

RETURN, POSTERN = "nginx `return 200`", "Postern"
AXUM, PROXIED_AXUM = "axum", "nginx + axum"
FASTIFY = "fastify"
POSTGREST, PROXIED_POSTGREST = "PostgREST", "nginx + PostgREST"
PGBENCH = "pgbench, bare statement"
PEERS = (AXUM, PROXIED_AXUM, FASTIFY, POSTGREST, PROXIED_POSTGREST)


@dataclass(frozen=True)
class Contestant:
    """`servers` are the processes, with their children, that work for it."""

    name: str
    workers: int
    servers: tuple[int, ...]
    requests: dict[str, Request]

    def behind(self, name: str, proxy: int, port: int) -> "Contestant":
        """The same behind an nginx."""
        return Contestant(name, self.workers, (proxy, *self.servers),
                          {operation: replace(request, port=port) for operation, request in self.requests.items()})

    def check(self, wrong_token: str) -> None:
        """Its answers are the right ones, and there are none for a token that somebody else has signed."""
        answers = {operation: _parse(request.answer()) for operation, request in self.requests.items()}
        for operation in answers.keys() & {BY_ID, CACHED}:
            _equal(self, operation, _item(answers[operation]), EXPECTED_ROW)
        if PAGE in answers:
            page = answers[PAGE]
            rows = page if isinstance(page, list) else page["data"]
            _equal(self, PAGE, [_item(row) for row in rows], EXPECTED_PAGE)
            if isinstance(page, dict) and not page["next_cursor"]:
                raise Failure(f"{self.name} does not tell the cursor of the next page")
        if INSERT in answers:
            made = {name: value for name, value in answers[INSERT].items() if name not in ("id", "created")}
            _equal(self, INSERT, made, _parse(json.dumps(requests.NEW_ROW)))
        for operation, request in self.requests.items():
            if self.name != RETURN:
                _refused(self, operation, replace(request, headers={**request.headers, "Authorization": f"Bearer {wrong_token}"}))


def rest(port: int, token: str) -> dict[str, Request]:
    """The endpoints as Postern, axum and fastify have them."""
    return {BY_ID: requests.by_id(port, token), PAGE: requests.page(port, token), INSERT: requests.insert(port, token),
            CACHED: requests.by_id(port, token, "/cached_items")}


def postgrest(port: int, token: str) -> dict[str, Request]:
    """The same of PostgREST, in its own words; it has no cache."""
    one = {"Accept": "application/vnd.pgrst.object+json"}
    by_id, page, insert = (make(port, token) for make in (requests.by_id, requests.page, requests.insert))
    return {
        BY_ID: replace(by_id, path=f"/items?id=eq.{requests.ROW}", headers={**by_id.headers, **one}),
        PAGE: replace(page, path=f"/items?order=id&limit={requests.PAGE}"),
        INSERT: replace(insert, headers={**insert.headers, **one, "Prefer": "return=representation"}),
    }


def _row(number: int) -> dict[str, Any]:
    """A row of schema.sql."""
    minutes = datetime.timedelta(minutes=number)
    return {"id": number, "name": f"Item number {number}", "price": Decimal(number) * Decimal("1.25"), "qty": number % 100,
            "tags": ["red", f"tag{number % 7}"], "created": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc) + minutes,
            "owner": f"user{number % 50}", "note": f"A note on item {number}, of some length."}


EXPECTED_ROW = _row(requests.ROW)
EXPECTED_PAGE = [_row(number) for number in range(1, requests.PAGE + 1)]


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _item(members: dict[str, Any]) -> dict[str, Any]:
    """A row with its time as a time: there is more than one way to write it."""
    return {**members, "created": datetime.datetime.fromisoformat(members["created"].replace("Z", "+00:00"))}


def _equal(contestant: Contestant, operation: str, found: object, expected: object) -> None:
    if found != expected:
        raise Failure(f"{contestant.name} answers {operation} with another content:\n{found}\nand not\n{expected}")


def _refused(contestant: Contestant, operation: str, request: Request) -> None:
    status = _status(request)
    if status != 401:
        raise Failure(f"{contestant.name} answers {operation} with a wrong token with status {status}")


def _status(request: Request) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", request.port, timeout=10)
    try:
        connection.request(request.method, request.path, request.body or None, request.headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{request.method} {request.path}: {error!r}") from error
    finally:
        connection.close()
