"""A command in a root of its own, as a container runs it: namespaces, mounts, a user without privileges. No engine is needed
for it, only root.

What this does not know of engines (images of registries, layers, networks, limits) is not tested by it.
"""

import pathlib
import shlex
import subprocess
from dataclasses import dataclass, field

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Box:
    """Where a command runs."""

    root: pathlib.Path
    environment: dict = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    #: What is seen where: folders and files of the machine, by their paths in the root.
    binds: dict = field(default_factory=dict)
    #: Those of them that cannot be written to.
    read_only_binds: frozenset = frozenset()
    #: Paths in the root with an empty file system in memory, with its options.
    tmpfs: dict = field(default_factory=dict)
    #: A folder for what is written, so that the root stays as it is; without it the root itself is written to.
    scratch: pathlib.Path | None = None
    read_only: bool = False
    unprivileged: bool = False

    def _mounts(self):
        """The commands that put the root together at the variable `root`."""
        yield "mount --make-rprivate /"
        if self.scratch:
            for name in ("upper", "work", "root"):
                (self.scratch / name).mkdir(parents=True, exist_ok=True)
            yield f"root={shlex.quote(str(self.scratch / 'root'))}"
            yield (f"mount -t overlay overlay -o lowerdir={self.root},upperdir={self.scratch / 'upper'},"
                   f"workdir={self.scratch / 'work'} $root")
        else:
            yield f"root={shlex.quote(str(self.root))}"
            yield "mount --bind $root $root"
        inside = {"/proc", "/dev/shm", *self.tmpfs, *(path for path, source in self.binds.items() if source.is_dir())}
        yield "mkdir -p " + " ".join(f"$root{path}" for path in sorted(inside))
        for path in sorted(path for path, source in self.binds.items() if not source.is_dir()):
            yield f"[ -e $root{path} ] || touch $root{path}"
        if self.read_only:
            yield "mount -o remount,bind,ro $root"
        yield "mount -t proc proc $root/proc"
        yield "mount -t tmpfs -o mode=1777 tmpfs $root/dev/shm"
        for path, options in self.tmpfs.items():
            yield f"mount -t tmpfs {'-o ' + options if options else ''} tmpfs $root{path}"
        for path, source in sorted(self.binds.items()):
            yield f"mount --bind {shlex.quote(str(source))} $root{path}"
            if path in self.read_only_binds:
                yield f"mount -o remount,bind,ro $root{path}"

    def arguments(self, command):
        """The command line that runs a command there."""
        environment = {"PATH": PATH, "HOME": "/root", **self.environment}
        inner = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        if self.user:
            uid, _, gid = self.user.partition(":")
            inner += ["setpriv", "--reuid", uid, "--regid", gid or uid, "--clear-groups"]
        if self.unprivileged:
            inner += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        inner += ["sh", "-c", 'cd "$0" && exec "$@"', self.workdir, *command]
        script = "\n".join(["set -eu", *self._mounts(), 'exec chroot "$root" "$@"'])
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "box", *inner]

    def run(self, command, **options):
        """Runs it to its end."""
        return subprocess.run(self.arguments(command), **options)

    def start(self, command, **options):
        """Starts it."""
        return subprocess.Popen(self.arguments(command), **options)
