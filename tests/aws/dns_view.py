# SPDX-License-Identifier: Apache-2.0
"""How Amazon looks at a customer's DNS: the token CNAME, and CAA. Asked of a real DNS server, or of a table that the test fills."""

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
CHAIN_MAX = 5
PATIENCE = 2.0


class DnsView:
    def __init__(self, server=None):
        self.server = server           # ("127.0.0.1", 5300)
        self.cnames, self.caas = {}, {}  # of the table: name -> target; name -> [value of "issue"]

    def cname(self, name):
        if self.server is None:
            return self.cnames.get(name)
        for rrset in self.ask(name, dns.rdatatype.CNAME):
            if rrset.rdtype == dns.rdatatype.CNAME and rrset.name.to_text(omit_final_dot=True).lower() == name:
                return rrset[0].target.to_text(omit_final_dot=True).lower()
        return None

    def caa(self, name):
        """The values of "issue" at that very name (aliases followed), or None where there is no CAA record."""
        if self.server is None:
            return self.caas.get(name)
        values, is_there = [], False
        for rrset in self.ask(name, dns.rdatatype.CAA):
            if rrset.rdtype == dns.rdatatype.CAA:
                is_there = True
                values += [one.value.decode().partition(";")[0].strip() for one in rrset if one.tag == b"issue"]
        return values if is_there else None

    def ask(self, name, kind):
        query = dns.message.make_query(name, kind)
        try:
            answer = dns.query.udp(query, self.server[0], port=self.server[1], timeout=PATIENCE)
        except (dns.exception.DNSException, OSError):
            return []
        return answer.answer

    def has_token(self, name, value):
        """A chain of at most five CNAMEs leads to the value; it may have lost its underscore, the name may not."""
        for _ in range(CHAIN_MAX):
            target = self.cname(name)
            if target is None:
                return False
            if target in (value, value.removeprefix("_")):
                return True
            name = target
        return False

    def allows_amazon(self, name):
        """RFC 8659 3: the nearest record set on the way up speaks."""
        labels = name.removeprefix("*.").split(".")
        for start in range(len(labels)):
            values = self.caa(".".join(labels[start:]))
            if values is not None:
                return not values or bool(AMAZON & set(values))
        return True
