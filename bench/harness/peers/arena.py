"""PostgreSQL and all contestants, up and checked, and down again however it ends."""

import contextlib
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

from .. import nginx, requests, token
from ..failure import Failure, ignore_interrupts
from ..nginx import Nginx
from ..postgres import Cluster
from ..settings import Settings
from . import contestant, servers
from .contestant import Contestant

# Everybody tells PostgreSQL the caller's role and claims, and nothing else; only PostgREST cannot be told to.
CONTEXT = "context role claims;"



class Arena:
    """For each number of workers every contestant; all of them are up for the whole run, and idle unless it is their turn."""

    def __init__(self, settings: Settings, workers: list[int]) -> None:
        self.settings = settings
        self.workers = workers
        self.contestants: list[Contestant] = []
        self._nginxes: list[Nginx] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Arena":
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postern-bench-")))
            self.folder.chmod(0o755)
            self.cluster = Cluster(self.folder)
            stack.callback(self.cluster.stop)
            # In digits: a newline at its end would not count.
            self._secret = secrets.token_hex(32).encode()
            self.token = token.sign(self._secret, role="web_user")
            for workers in self.workers:
                self._start(stack, workers)
            self._start_everything(stack)
            wrong_token = token.sign(secrets.token_hex(32).encode(), role="web_user")
            for one in self.contestants:
                one.check(wrong_token)
            stack.callback(ignore_interrupts)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: contextlib.ExitStack, workers: int) -> None:
        settings = replace(self.settings, workers=workers)

        def entered(server: servers.Peer | Nginx) -> servers.Peer | Nginx:
            stack.callback(server.stop)
            if isinstance(server, Nginx):
                self._nginxes.append(server)
            return server

        def folder(name: str) -> Path:
            return self.folder / f"{name}-{workers}"

        postern = entered(nginx.postern(settings, folder("postern"), self.cluster.dsn, self._secret, database=CONTEXT))
        rest = contestant.rest(postern.port, self.token)
        fixed = entered(nginx.plain(settings, folder("plain"), rest[contestant.BY_ID].answer()))
        only = {contestant.BY_ID: requests.by_id(fixed.port, self.token)}
        self.contestants += [Contestant(contestant.RETURN, workers, (fixed.pid,), only),
                             Contestant(contestant.POSTERN, workers, (postern.pid,), rest)]

        for start, endpoints, name, proxied_name in (
            (servers.axum, contestant.rest, contestant.AXUM, contestant.PROXIED_AXUM),
            (servers.fastify, contestant.rest, contestant.FASTIFY, None),
            (servers.postgrest, contestant.postgrest, contestant.POSTGREST, contestant.PROXIED_POSTGREST),
        ):
            peer = entered(start(self.folder, self.cluster, self._secret, workers, settings.pool))
            alone = Contestant(name, workers, (peer.pid,), endpoints(peer.port, self.token))
            self.contestants.append(alone)
            if proxied_name:
                proxy = entered(servers.proxy(settings, folder(f"proxy-{name}"), peer.port))
                self.contestants.append(alone.behind(proxied_name, proxy.pid, proxy.port))

    def _start_everything(self, stack: contextlib.ExitStack) -> None:
        """Postern in one worker with everything switched on, and beside it the same without."""
        folder = self.folder / "everything"
        http, server = nginx.everything(folder)
        everything = nginx.postern(replace(self.settings, workers=1), folder, self.cluster.dsn, self._secret,
                                   database=CONTEXT, http=http, server=server)
        stack.callback(everything.stop)
        self._nginxes.append(everything)
        bare = nginx.postern(replace(self.settings, workers=1), self.folder / "bare", self.cluster.dsn, self._secret,
                             database=CONTEXT)
        stack.callback(bare.stop)
        self._nginxes.append(bare)
        self.everything = Contestant("everything on", 1, (everything.pid,), {
            contestant.BY_ID: requests.by_id(everything.port, self.token, "/everything_items")})
        self.bare = Contestant("nothing on", 1, (bare.pid,), contestant.rest(bare.port, self.token))
        for one in (self.everything, self.bare):
            one.check(token.sign(b"wrong", role="web_user"))
        written = folder / "access.log"
        if not written.exists():
            raise Failure("the nginx with everything on writes no log")

    def find(self, name: str, workers: int) -> Contestant:
        """A contestant by its name."""
        return next(one for one in self.contestants if (one.name, one.workers) == (name, workers))

    def check_logs(self) -> None:
        """Nothing may have gone wrong unseen."""
        for server in self._nginxes:
            server.check_log()
