# SPDX-License-Identifier: Apache-2.0
"""The AWS of tests/aws as a child of an end-to-end test."""

import json
import pathlib
import sys
import urllib.request

from harness.process import Process

SERVER = pathlib.Path(__file__).resolve().parent.parent / "aws" / "server.py"
READY = "aws listens on "
KEY, SECRET = "AKIAOURS", "our+secret/key"


class AwsServer:
    """`with AwsServer(directory, dns=("127.0.0.1", 5300), scale=60) as aws:` — its clock runs `scale` times as fast as ours."""

    def __init__(self, directory, dns=None, scale=0.0):
        command = [sys.executable, "-B", SERVER, "--scale", scale, *(["--dns", f"{dns[0]}:{dns[1]}"] if dns else [])]
        self.process = Process("aws", command, pathlib.Path(directory) / "aws.log")
        self.process.wait_for(READY, seconds=60)
        self.url = next(line for line in self.process.output().splitlines() if line.startswith(READY)).removeprefix(READY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()

    def environment(self):
        """What the program under test is given to sign with."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}

    def control(self, word, **members):
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_test/{word}", json.dumps(members).encode())) as answer:
            return json.load(answer)

    def state(self):
        return self.control("state")
