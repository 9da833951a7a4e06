# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive their owner, and waits that have a deadline."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """What was waited for did not happen; the message says what was seen instead."""


def free_port(address="127.0.0.1", kind=socket.SOCK_STREAM):
    """A port that nobody holds right now on `address` (TCP and UDP)."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
                udp.bind((address, port))
                return port
    raise Failed(f"no free port on {address}")


def free_port_on_all(addresses):
    """One port that is free on every one of the addresses: authorities share it."""
    for _ in range(100):
        port = free_port(addresses[0])
        try:
            for address in addresses:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind((address, port))
            return port
        except OSError:
            continue
    raise Failed(f"no port is free on all of {addresses}")


def wait_until(condition, what, seconds=20.0, pause=0.02):
    """Calls `condition` until it is true and returns what it gave; Failed once `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)


class Process:
    """One child in its own session; its output goes to a file; ended by its own pid."""

    def __init__(self, name, command, log, env=None, cwd=None):
        self.name, self.log = name, pathlib.Path(log)
        self.command = [str(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=cwd,
                                          env={**os.environ, **(env or {})}, start_new_session=True)

    def output(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, what, seconds=20.0):
        """Until `what` stands in the output; Failed at once if the child has ended."""
        def condition():
            if what in self.output():
                return True
            if self.child.poll() is not None and what not in self.output():
                raise Failed(f"{self.name} ended with {self.child.returncode} before it said {what!r}:\n{self.output()[-2000:]}")
            return False
        wait_until(condition, f"{self.name} to say {what!r}; it said:\n{self.output()[-2000:]}", seconds)

    def kill(self):
        """kill -9, as a power cut would."""
        self.child.kill()
        self.child.wait()

    def stop(self, seconds=15.0):
        """SIGTERM, then SIGKILL once the budget is over; returns the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode
