# SPDX-License-Identifier: Apache-2.0
"""A name server whose answers are a script: the n-th question gets the n-th answer. For names that lie, and names that change.

On 127.0.0.1:53 of a network namespace (harness.dns_zones.enter_private_network), UDP and TCP, one thread each. Owned by the test.
"""

import socket
import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

ADDRESS = ("127.0.0.1", 53)
SILENT, SERVFAIL = "silent", "servfail"
UDP_BYTES_MAX = 512  # what a resolver without EDNS takes (RFC 1035 4.2.1)


class Names:
    """`script`: {name: {type: [answer, …]}}; an answer is a list of values, SILENT or SERVFAIL; the last one stays. CNAME wins over all others."""

    def __init__(self, script):
        self.script, self.asked, self.counts, self.lock = {name.lower(): types for name, types in script.items()}, [], {}, threading.Lock()
        owner = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                reply = owner.reply(self.request[0], UDP_BYTES_MAX)
                if reply:
                    self.request[1].sendto(reply, self.client_address)

        class Tcp(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(5)
                while len(length := self.request.recv(2, socket.MSG_WAITALL)) == 2:
                    reply = owner.reply(self.request.recv(struct.unpack("!H", length)[0], socket.MSG_WAITALL), 65535)
                    if reply:
                        self.request.sendall(struct.pack("!H", len(reply)) + reply)

        class UdpServer(socketserver.ThreadingUDPServer):
            daemon_threads = True

        class TcpServer(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self.servers = [UdpServer(ADDRESS, Udp), TcpServer(ADDRESS, Tcp)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def answer_to(self, name, kind):
        types = self.script.get(name, {})
        answers = types.get("CNAME") or types.get(kind)
        if not answers:
            return None
        with self.lock:
            number = self.counts[(name, kind)] = self.counts.get((name, kind), -1) + 1
        return answers[min(number, len(answers) - 1)]

    def reply(self, wire, size_max):
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        with self.lock:
            self.asked.append((name, kind))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        known = False
        for _ in range(10):
            known = known or name in self.script
            answer = self.answer_to(name, kind)
            if answer == SILENT:
                return None
            if answer == SERVFAIL:
                reply.set_rcode(dns.rcode.SERVFAIL)
                break
            if not answer:
                break
            is_alias = "CNAME" in self.script[name] and kind != "CNAME"
            reply.answer.append(dns.rrset.from_text(name + ".", 0, "IN", "CNAME" if is_alias else kind, *answer))
            if not is_alias:
                break
            name = answer[0].rstrip(".").lower()
        if not known:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        wire = reply.to_wire()
        if len(wire) > size_max:
            reply.answer, reply.flags = [], reply.flags | dns.flags.TC
            wire = reply.to_wire()
        return wire

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
