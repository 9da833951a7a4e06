# SPDX-License-Identifier: Apache-2.0
"""lego from Debian, an ACME client that we have not written. Its TXT records go to the challenge server by its own protocol "httpreq"."""

import http.server
import json
import os
import pathlib
import subprocess
import threading

from .dns_servers import program


class TxtRelay:
    """Takes lego's httpreq calls (POST /present and /cleanup with fqdn and value) and has the record at once."""

    def __init__(self, challenges):
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802 http.server's own name
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/present":
                    challenges.add_txt(asked["fqdn"].rstrip("."), asked["value"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        relay.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=relay.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def lego_command(directory, directory_url, names):
    """One certificate for the names; the account of `directory` is made if it has none."""
    domains = [word for name in names for word in ("--domains", name)]
    return [program("lego"), "--server", directory_url, "--accept-tos", "--email", "operator@saas.example", "--path", str(directory), *domains,
            "--dns", "httpreq", "--dns.disable-cp", "run"]


def lego_environment(relay, ca_file=None):
    trust = {"LEGO_CA_CERTIFICATES": str(ca_file)} if ca_file else {}
    # No pause between record and challenge: everything here is on one machine.
    return {**os.environ, "HTTPREQ_ENDPOINT": relay.url, "HTTPREQ_POLLING_INTERVAL": "1", "HTTPREQ_PROPAGATION_TIMEOUT": "10", **trust}


def run_lego(directory, directory_url, names, relay, ca_file=None):
    """The chain in PEM; CalledProcessError with its output if there is none."""
    done = subprocess.run(lego_command(directory, directory_url, names), env=lego_environment(relay, ca_file), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, "lego", done.stdout, done.stderr)
    return (pathlib.Path(directory) / "certificates" / f"{names[0].replace('*', '_')}.crt").read_text()
