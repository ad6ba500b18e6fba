"""Carries out compose.yaml: services in the order of their conditions, each in a box. All of them have one network, in which
their names are names of this machine.
"""

import os
import pathlib
import signal
import subprocess
import time

from box import Box

PATIENCE = 60


class Service:
    """A service of the file: its box, its command, what it has said, whether it runs."""

    def __init__(self, name, said, image, folder, volumes):
        self.name, self.said = name, said
        self.image = image
        self.entrypoint = list(image.entrypoint)
        self.healthcheck = said.get("healthcheck", {}).get("test", ["CMD", *image.healthcheck])[1:]
        self.process = None
        self.output = folder / f"{name}.out"
        self.errors = folder / f"{name}.err"
        binds, read_only_binds = {"/etc/hosts": folder / "hosts"}, set()
        for volume in said.get("volumes", ()):
            source, path, *mode = volume.split(":")
            binds[path] = volumes / source
            if mode == ["ro"]:
                read_only_binds.add(path)
        tmpfs = {}
        for entry in said.get("tmpfs", ()):
            path, _, options = entry.partition(":")
            tmpfs[path] = options
        self.box = Box(
            image.root,
            {**image.environment, **said.get("environment", {})},
            image.workdir,
            image.user,
            binds,
            frozenset(read_only_binds),
            tmpfs,
            scratch=folder / name,
            read_only=said.get("read_only", False),
            unprivileged=said.get("cap_drop") == ["ALL"] and "no-new-privileges:true" in said.get("security_opt", ()),
        )

    def start(self):
        # In compose files a dollar is written twice.
        command = [word.replace("$$", "$") for word in self.said.get("command", ())]
        with self.output.open("ab") as output, self.errors.open("ab") as errors:
            # As engines do, so that a user who is not root can open /dev/stdout.
            for file in (output, errors):
                os.chown(file.fileno(), int((self.box.user or "0").split(":")[0]), -1)
            self.process = self.box.start([*self.entrypoint, *command], stdout=output, stderr=errors)

    def ended_well(self):
        return self.process.wait(PATIENCE) == 0

    def main_pid(self):
        """The process that unshare has started, which is number 1 inside."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        deadline = time.monotonic() + PATIENCE
        while not (pids := children.read_text().split()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return int(pids[0])

    def inside(self, command, **options):
        """Runs a command where the service runs, as an engine runs health checks."""
        user = ["setpriv", f"--reuid={self.box.user.split(':')[0]}", "--clear-groups"] if self.box.user else []
        return subprocess.run(
            ["nsenter", f"--target={self.main_pid()}", "--mount", "--pid", "--root", "--wd", *user, *command], **options
        )

    def healthy(self):
        """Waits until the health check succeeds."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            check = self.inside(self.healthcheck, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if check.returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def stop(self):
        """Ends it as an engine does; the exit status of the service."""
        os.kill(self.main_pid(), getattr(signal, self.image.stop_signal))
        return self.process.wait(PATIENCE)


class Project:
    """All services of a file."""

    def __init__(self, said, images, folder):
        volumes = folder / "volumes"
        for name in said["volumes"]:
            (volumes / name).mkdir(parents=True)
        self.order = []
        (folder / "hosts").write_text("127.0.0.1 localhost " + " ".join(said["services"]) + "\n")
        self.services = {
            name: Service(name, service, images[service.get("image") or service["build"]["target"]], folder, volumes)
            for name, service in said["services"].items()
        }

    def up(self, name):
        """Starts a service after those that it waits for; says what it has waited for in vain."""
        service = self.services[name]
        for other, wanted in service.said.get("depends_on", {}).items():
            needed = self.services[other]
            if needed.process is None:
                self.up(other)
            met = needed.healthy() if wanted["condition"] == "service_healthy" else needed.ended_well()
            if not met:
                raise SystemExit(f"{other} is not {wanted['condition']}:\n{needed.errors.read_text()}{needed.output.read_text()}")
        self.order.append(name)
        service.start()
