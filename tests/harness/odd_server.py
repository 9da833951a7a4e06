#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS servers that misbehave as told, for what no real server can be made to do. `odd_server.py CONFIG.json` runs until it is ended.

The configuration is a list of {"address", "behaviour": ["slow:900", …], "zones": {"shop.example": "zone text"}}. A server first makes the answer
that an honest one would give, then each behaviour in turn spoils it. Owned by dns_zones.World; one process, one asyncio loop, all addresses.
"""

import asyncio
import contextlib
import json
import socket
import struct
import sys

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zonefile

PORT = 53
# From here come forged answers: an address that nobody asked.
ELSEWHERE = "127.2.255.254"
ALIASES_MAX = 12


class Zone:
    """Names and record sets, without the rules that a real server enforces."""

    def __init__(self, origin, text):
        self.origin = dns.name.from_text(origin)
        self.sets, self.names = {}, set()
        ttl = next((int(line.split()[1]) for line in text.split("\n") if line.startswith("$TTL ")), 300)
        # Line by line: as a whole, dnspython refuses a CNAME beside other records.
        for line in text.split("\n"):
            if line.strip() and not line.startswith("$"):
                self.add(dns.zonefile.read_rrsets(line, origin=self.origin, relativize=False, rdclass=None, default_ttl=ttl)[0])
        self.names.add(self.origin)

    def add(self, rrset):
        if (rrset.name, rrset.rdtype) in self.sets:
            self.sets[(rrset.name, rrset.rdtype)].update(rrset)
        else:
            self.sets[(rrset.name, rrset.rdtype)] = rrset
        name = rrset.name
        while name != self.origin and name not in self.names:
            self.names.add(name)
            name = name.parent()

    def soa(self):
        return self.sets[(self.origin, dns.rdatatype.SOA)]

    def cut_above(self, name):
        """The name servers of a zone below ours that has the name."""
        while name != self.origin:
            if (name, dns.rdatatype.NS) in self.sets:
                return self.sets[(name, dns.rdatatype.NS)]
            name = name.parent()
        return None


class Ask:
    """One question on its way through a server; behaviours change it."""

    def __init__(self, query, by_udp, number, repeats):
        self.query, self.by_udp, self.number, self.repeats = query, by_udp, number, repeats
        self.name, self.type = query.question[0].name, query.question[0].rdtype
        self.reply = None          # dns.message.Message, or octets
        self.before = []           # sent first: octets
        self.before_elsewhere = []  # sent first, from another address
        self.delay = 0.0
        self.size_max = min(max(query.payload, 512), 1232) if by_udp else 65535

    def error(self, rcode, edns=True):
        self.reply = dns.message.make_response(self.query)
        self.reply.set_rcode(rcode)
        if not edns:
            self.reply.use_edns(False)

    def wire(self):
        if isinstance(self.reply, bytes):
            return self.reply
        try:
            return self.reply.to_wire(max_size=self.size_max)
        except dns.exception.TooBig:
            return truncated(self.reply).to_wire()


def truncated(message):
    message.flags |= dns.flags.TC
    message.answer, message.authority, message.additional = [], [], []
    return message


def honest_answer(zones, ask):
    reply = ask.reply = dns.message.make_response(ask.query)
    zone = max((z for z in zones if ask.name.is_subdomain(z.origin)), key=lambda z: len(z.origin), default=None)
    if zone is None:
        reply.set_rcode(dns.rcode.REFUSED)
        return
    cut = zone.cut_above(ask.name)
    if cut:
        reply.authority.append(cut)
        return
    reply.flags |= dns.flags.AA
    name = ask.name
    for _ in range(ALIASES_MAX):
        alias, wanted = zone.sets.get((name, dns.rdatatype.CNAME)), zone.sets.get((name, ask.type))
        if wanted:
            # A CNAME beside the wanted records is shown too: some servers do.
            reply.answer += [alias, wanted] if alias and ask.type != dns.rdatatype.CNAME else [wanted]
            return
        if not alias:
            break
        reply.answer.append(alias)
        name = alias[0].target
        if not name.is_subdomain(zone.origin):
            return
    reply.authority.append(zone.soa())
    if name not in zone.names:
        reply.set_rcode(dns.rcode.NXDOMAIN)


# Behaviours: each a function of the server, the ask and the text after the colon.

def silent(server, ask, _):
    """Neither UDP nor TCP gets an answer."""
    ask.reply = None


def silent_by_udp(server, ask, _):
    if ask.by_udp:
        ask.reply = None


def silent_about(server, ask, types):
    """Load balancers of RFC 4074 4.1 that ignore questions of a type."""
    if dns.rdatatype.to_text(ask.type) in types.split(","):
        ask.reply = None


def nxdomain_about(server, ask, types):
    """RFC 4074 4.2: "no such name" for a type that it does not have."""
    if dns.rdatatype.to_text(ask.type) in types.split(","):
        ask.reply.answer = []
        ask.reply.set_rcode(dns.rcode.NXDOMAIN)


def servfail_about(server, ask, types):
    if dns.rdatatype.to_text(ask.type) in types.split(","):
        ask.error(dns.rcode.SERVFAIL)


def refused_about(server, ask, types):
    if dns.rdatatype.to_text(ask.type) in types.split(","):
        ask.error(dns.rcode.REFUSED)


def nxdomain_for_empty(server, ask, _):
    """RFC 8020 says that a name with names below it exists; this server says it does not."""
    if ask.reply.rcode() == dns.rcode.NOERROR and not ask.reply.answer:
        ask.reply.set_rcode(dns.rcode.NXDOMAIN)


def rcode(server, ask, name):
    ask.error(dns.rcode.from_text(name))


def servfail_first(server, ask, _):
    """The first time that something is asked, the answer is SERVFAIL: a back end that was asleep."""
    if ask.repeats == 0:
        ask.error(dns.rcode.SERVFAIL)


def drops_edns(server, ask, _):
    if ask.query.edns >= 0:
        ask.reply = None


def formerr_to_edns(server, ask, _):
    """What a server from before 1999 does (RFC 6891 7): FORMERR, no OPT record."""
    if ask.query.edns >= 0:
        ask.error(dns.rcode.FORMERR, edns=False)


def bare_formerr_to_edns(server, ask, _):
    """The same, as twelve octets of header without the question."""
    if ask.query.edns >= 0:
        ask.reply = struct.pack("!HHHHHH", ask.query.id, 0x8001, 0, 0, 0, 0)


def notimp_to_edns(server, ask, _):
    if ask.query.edns >= 0:
        ask.error(dns.rcode.NOTIMP, edns=False)


def refuses_edns_and_all(server, ask, _):
    """REFUSED whenever there is an OPT record, right without."""
    if ask.query.edns >= 0:
        ask.error(dns.rcode.REFUSED, edns=False)


def badvers(server, ask, _):
    if ask.query.edns >= 0:
        ask.error(dns.rcode.BADVERS)


def forgets_edns(server, ask, _):
    """Answers rightly but without the OPT record that it was sent."""
    ask.reply.use_edns(False)


def drops_every_second(server, ask, _):
    """Every first, third, … datagram of the same question is lost."""
    if ask.by_udp and ask.repeats % 2 == 0:
        ask.reply = None


def drops_first(server, ask, count):
    """The first datagrams of the same question are lost."""
    if ask.by_udp and ask.repeats < int(count):
        ask.reply = None


def slow(server, ask, milliseconds):
    ask.delay = int(milliseconds) / 1000


def lame(server, ask, _):
    """Does not have the zone and points up to the root."""
    ask.reply = dns.message.make_response(ask.query)
    ask.reply.authority.append(dns.rrset.from_text(".", 518400, "IN", "NS", "root.dns.example."))


def without_authority(server, ask, _):
    """The right data without the AA flag: a cache at the place of an authority."""
    ask.reply.flags &= ~dns.flags.AA


def wrong_id_first(server, ask, _):
    wrong = other_values(ask)
    wrong.id = (ask.query.id + 1) % 65536
    ask.before.append(wrong.to_wire())


def wrong_question_first(server, ask, _):
    """Right id, another question: no answer to ours (RFC 5452 9.1)."""
    other = dns.message.make_query("elsewhere.example", "A")
    other.id = ask.query.id
    ask.before.append(dns.message.make_response(other).to_wire())


def forged_from_elsewhere_first(server, ask, _):
    """Id and question are right, the address is not the one that was asked."""
    ask.before_elsewhere.append(other_values(ask).to_wire())


def other_values(ask):
    """What a forger would like to be believed."""
    forged = dns.message.make_response(ask.query)
    forged.flags |= dns.flags.AA
    values = {dns.rdatatype.A: "203.0.113.66", dns.rdatatype.CNAME: "forged.example.", dns.rdatatype.TXT: '"forged"'}
    if ask.type in values:
        forged.answer.append(dns.rrset.from_text(ask.name, 86400, "IN", dns.rdatatype.to_text(ask.type), values[ask.type]))
    return forged


def garbage(server, ask, _):
    """Right id, then octets that mean nothing."""
    ask.reply = struct.pack("!H", ask.query.id) + bytes((n * 37 + 11) % 256 for n in range(90))


def http(server, ask, _):
    """A web server where a name server should be."""
    ask.reply = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


def short(server, ask, _):
    ask.reply = ask.query.to_wire()[:7]


def reflects(server, ask, _):
    """An echo: the question comes back as it was sent, not marked as an answer."""
    ask.reply = ask.query.to_wire()


def pointer_loop(server, ask, _):
    """The answer's owner is a compression pointer to itself."""
    wire = dns.message.make_response(ask.query)
    wire.use_edns(False)
    octets = bytearray(wire.to_wire())
    octets[2] |= 4
    octets[7] = 1
    ask.reply = bytes(octets) + struct.pack("!HHHIH", 0xC000 | len(octets), ask.type, 1, 300, 4) + bytes(4)


def cut_off(server, ask, octets):
    """The answer ends in the middle of a record, without the TC flag."""
    ask.reply = ask.wire()[:-int(octets)]


def truncates(server, ask, _):
    """UDP says only: ask me over TCP."""
    if ask.by_udp:
        truncated(ask.reply)


def lower_case(server, ask, _):
    """The question comes back in lower case, whatever case was asked."""
    respell(ask.reply, str.lower)


def upper_case(server, ask, _):
    respell(ask.reply, str.upper)


def respell(message, how):
    for section in (message.question, message.answer):
        for index, rrset in enumerate(section):
            section[index] = spelled = rrset.copy()
            spelled.name = dns.name.from_text(how(rrset.name.to_text()))


def strange_additional(server, ask, _):
    """Additional records about names that are none of its business."""
    ask.reply.additional.append(dns.rrset.from_text("app.saas.example.", 86400, "IN", "A", "203.0.113.66"))
    ask.reply.additional.append(dns.rrset.from_text("ns1.bank.example.", 86400, "IN", "A", "203.0.113.67"))


def strange_answer_first(server, ask, _):
    """A record of another name stands in the answer before ours."""
    ask.reply.answer.insert(0, dns.rrset.from_text("other.bank.example.", 300, "IN", "A", "203.0.113.66"))


def endless_aliases(server, ask, _):
    """Each name below the zone is an alias of a new one: whoever follows never arrives."""
    if ask.type in (dns.rdatatype.SOA, dns.rdatatype.NS) and len(ask.name) <= 3:
        return
    count = int(ask.name.labels[0][1:]) if ask.name.labels[0][1:].isdigit() else 0
    target = dns.name.Name((b"x%d" % (count + 1),) + ask.name.labels[1:])
    ask.reply = dns.message.make_response(ask.query)
    ask.reply.flags |= dns.flags.AA
    ask.reply.answer.append(dns.rrset.from_text(ask.name, 300, "IN", "CNAME", target.to_text()))


def huge(server, ask, type_name):
    """As many records of the type as 64 KB hold, over TCP; the true ones among them."""
    if dns.rdatatype.to_text(ask.type) != type_name or not ask.reply.answer:
        return
    filler = {"TXT": lambda n: '"' + f"filler {n} ".ljust(230, "x") + '"', "A": lambda n: f"203.0.{n // 250}.{n % 250 + 1}"}[type_name]
    count = {"TXT": 240, "A": 3900}[type_name]
    more = dns.rrset.from_text(ask.name, 300, "IN", type_name, *(filler(n) for n in range(count)))
    more.update(ask.reply.answer[-1])
    ask.reply.answer[-1] = more


BEHAVIOURS = {f.__name__: f for f in (
    silent, silent_by_udp, silent_about, nxdomain_about, servfail_about, refused_about, nxdomain_for_empty, rcode, servfail_first, drops_edns,
    formerr_to_edns, bare_formerr_to_edns, notimp_to_edns, refuses_edns_and_all, badvers, forgets_edns, drops_every_second, drops_first, slow, lame,
    without_authority, wrong_id_first, wrong_question_first, forged_from_elsewhere_first, garbage, http, short, reflects, pointer_loop, cut_off,
    truncates, lower_case, upper_case, strange_additional, strange_answer_first, endless_aliases, huge)}
# These concern the connection, not the answer: nobody listens; accepts and says nothing; closes at once; one octet at a time; promises more than it sends.
TCP_BEHAVIOURS = {"tcp_refuses", "tcp_hangs", "tcp_closes", "tcp_drips", "tcp_lies"}


class OddServer:
    def __init__(self, address, behaviour, zones):
        self.address = address
        self.steps = [(BEHAVIOURS[name], text) for name, _, text in (word.partition(":") for word in behaviour) if name not in TCP_BEHAVIOURS]
        self.tcp = {word for word in behaviour if word in TCP_BEHAVIOURS}
        self.zones = [Zone(origin, text) for origin, text in zones.items()]
        self.asked = {}
        self.number = 0

    async def start(self, elsewhere):
        loop = asyncio.get_running_loop()
        self.elsewhere = elsewhere
        await loop.create_datagram_endpoint(lambda: Datagrams(self), local_addr=(self.address, PORT))
        if "tcp_refuses" not in self.tcp:
            self.listener = await asyncio.start_server(self.serve_tcp, self.address, PORT)

    def answer(self, wire, by_udp):
        """An Ask with what is to be sent; its reply is None for silence."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or not query.question:
            return None
        key = (query.question[0].name, query.question[0].rdtype)
        repeats = self.asked.get(key, 0)
        self.asked[key] = repeats + 1
        self.number += 1
        ask = Ask(query, by_udp, self.number, repeats)
        honest_answer(self.zones, ask)
        for behave, text in self.steps:
            if ask.reply is None:
                break
            behave(self, ask, text)
        return ask

    async def serve_tcp(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while "tcp_closes" not in self.tcp:
                size = struct.unpack("!H", await reader.readexactly(2))[0]
                ask = self.answer(await reader.readexactly(size), False)
                if "tcp_hangs" in self.tcp or ask is None or ask.reply is None:
                    await reader.read()  # until the asker has had enough
                    break
                await asyncio.sleep(ask.delay)
                wire = ask.wire()
                if "tcp_lies" in self.tcp:
                    writer.write(struct.pack("!H", 65535) + wire)
                    await reader.read()
                    break
                framed = struct.pack("!H", len(wire)) + wire
                if "tcp_drips" in self.tcp:
                    for octet in framed:
                        writer.write(bytes([octet]))
                        await writer.drain()
                        await asyncio.sleep(0.4)
                else:
                    writer.write(framed)
                    await writer.drain()
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, asker):
        ask = self.server.answer(data, True)
        if ask is None or ask.reply is None:
            return
        for wire in ask.before_elsewhere:
            self.server.elsewhere.sendto(wire, asker)
        for wire in ask.before:
            self.transport.sendto(wire, asker)
        if ask.delay:
            asyncio.get_running_loop().call_later(ask.delay, self.transport.sendto, ask.wire(), asker)
        else:
            self.transport.sendto(ask.wire(), asker)


async def main(path):
    with open(path, encoding="utf-8") as file:
        servers = [OddServer(**entry) for entry in json.load(file)]
    elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere.bind((ELSEWHERE, PORT))
    elsewhere.setblocking(False)
    for server in servers:
        await server.start(elsewhere)
    print(f"{len(servers)} odd servers listen", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
