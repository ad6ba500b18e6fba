"""Everything that a measurement needs, up and checked, and down again however it ends."""

import contextlib
import functools
import secrets
import tempfile
from pathlib import Path
from typing import Callable

from . import nginx, requests, token
from .failure import Failure, ignore_interrupts
from .postgres import Cluster
from .settings import Settings

# How many verified tokens a worker remembers (docs/directives.md, postern_jwt).
REMEMBERED_TOKENS = 4096


class Rig:
    """PostgreSQL, nginx with Postern, and nginx without it that returns the bytes that Postern answers GET by id with."""

    def __init__(self, settings: Settings, runner: Callable[[Path], tuple[str, ...]] = lambda folder: (),
                 everything: bool = False) -> None:
        """`runner` gives the command that nginx is to be run by, as a single process: valgrind. `everything` adds a location that has it."""
        self.settings = settings
        self._runner = runner
        self._everything = everything
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Rig":
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postern-bench-")))
            self.folder.chmod(0o755)
            self.cluster = Cluster(self.folder)
            stack.callback(self.cluster.stop)
            self._start_nginx(stack)
            stack.callback(ignore_interrupts)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_nginx(self, stack: contextlib.ExitStack) -> None:
        # In digits: a newline at its end would not count.
        secret = secrets.token_hex(32).encode()
        private_key, public_key = token.rsa_key(self.folder)
        self.token = token.sign(secret, role="web_user")
        self.rs256_token = token.sign_rs256(private_key, role="web_user")
        self._private_key = private_key
        prefix = self._runner(self.folder)
        http, server = nginx.everything(self.folder / "postern") if self._everything else ("", "")
        self.postern = nginx.postern(self.settings, self.folder / "postern", self.cluster.dsn, secret, public_key, prefix,
                                     http=http, server=server)
        stack.callback(self.postern.stop)

        one = self.by_id.answer()
        self.read_statement = self._last_statement()
        requests.check(one, self.page.answer(), self.insert.answer())

        self.plain = nginx.plain(self.settings, self.folder / "plain", one, prefix)
        stack.callback(self.plain.stop)
        if self.limit.answer() != one:
            raise Failure("the nginx without Postern does not return the same bytes")
        if not prefix:
            self._start_guards(stack)

    def _start_guards(self, stack: contextlib.ExitStack) -> None:
        """What looks at requests, and hands them on to the nginx that returns fixed bytes."""
        self.guards = {"filter + validation": nginx.guarded(self.settings, self.folder / "guarded", self.plain.port)}
        if nginx.has_modsecurity():
            self.guards["ModSecurity + CRS"] = nginx.modsecurity(self.settings, self.folder / "modsecurity", self.plain.port)
        for guard in self.guards.values():
            stack.callback(guard.stop)
            for location in ("/open", "/guarded"):
                requests.browser_get(guard.port, location).answer()
                requests.browser_post(guard.port, location).answer()

    @property
    def limit(self) -> requests.Request:
        """What `return 200` answers."""
        return requests.by_id(self.plain.port, self.token)

    @property
    def by_id(self) -> requests.Request:
        """GET by id."""
        return requests.by_id(self.postern.port, self.token)

    @property
    def limited_by_id(self) -> requests.Request:
        """The same in a location with three limits."""
        return requests.by_id(self.postern.port, self.token, "/limited_items")

    @property
    def everything_by_id(self) -> requests.Request:
        """The same in a location with everything."""
        return requests.by_id(self.postern.port, self.token, "/everything_items")

    @property
    def cached_by_id(self) -> requests.Request:
        """The same in a location with a cache."""
        return requests.by_id(self.postern.port, self.token, "/cached_items")

    @functools.cached_property
    def not_modified(self) -> requests.Request:
        """The same for a client that has it already."""
        return requests.not_modified(self.cached_by_id)

    @property
    def cached_with_writes(self) -> requests.Request:
        """GET by id of what is cached, and every fifth time a write of the row."""
        return requests.with_writes(self.cached_by_id)

    @property
    def by_id_rs256(self) -> requests.Request:
        """GET by id with a token that is signed with RS256."""
        return requests.by_id(self.postern.port, self.rs256_token, "/rs256_items")

    @property
    def by_id_new_rs256(self) -> requests.Request:
        """GET by id, each time with a token that the worker does not remember."""
        return requests.by_id_with_tokens(self.postern.port, self._new_tokens, "/rs256_items")

    @functools.cached_property
    def _new_tokens(self) -> tuple[str, ...]:
        """One more than a worker remembers, so that each is forgotten before it comes again. Signing them takes half a minute."""
        count = 10 if self.settings.quick else REMEMBERED_TOKENS + 1
        return token.sign_many_rs256(self._private_key, "web_user", count)

    @property
    def page(self) -> requests.Request:
        """A list page."""
        return requests.page(self.postern.port, self.token)

    @property
    def insert(self) -> requests.Request:
        """POST."""
        return requests.insert(self.postern.port, self.token)

    def check_logs(self) -> None:
        """Nothing may have gone wrong unseen."""
        self.postern.check_log()
        self.plain.check_log()
        for guard in self.guards.values():
            guard.check_log()

    def _last_statement(self) -> str:
        """The statement that Postern ran last, with pgbench's `:p1` for `$1`.

        PostgreSQL remembers the last statement of each session, so the limit is measured with the very text that is
        Postern's, whatever it has become.
        """
        text = self.cluster.query("select query from pg_stat_activity where usename = 'bench' and state = 'idle'"
                                  " order by state_change desc limit 1")
        if "items" not in text or "$1" not in text or "$2" in text:
            raise Failure(f"this is not the statement of a GET by id: {text}")
        return text.replace("$1", ":p1")
