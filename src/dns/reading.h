// SPDX-License-Identifier: Apache-2.0
//
// What the rules of a diagnosis read out of the facts, and the sentences they write with it.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/cause.h"
#include "dns/facts.h"

namespace signpost::dns::reading {

/// The record is propagated.
bool agrees(const Facts& facts);
/// Of the server addresses.
std::size_t count(const Facts& facts, Verdict verdict);
std::size_t count_speaking(const Facts& facts);
/// Servers speak for the zone, and none of them has the record: then the reason lies in what they say.
bool is_absent(const Facts& facts);
/// Some who speak have it, some do not.
bool is_split(const Facts& facts);
/// The server that says most (witness_among); never null where is_absent, is_split or agrees.
const Probe* witness_of(const Facts& facts);
/// What the witness has of the asked type.
const std::vector<std::string>& values_of(const Facts& facts);
/// Does its value name a host, which people type wrongly in their own ways?
bool is_about_host(RecordType type);
/// The host in such a value: of "10 mail.example" and "10 5 443 mail.example", "mail.example".
std::string_view host_in(RecordType type, std::string_view value);
bool is_challenge(const Facts& facts);
/// Does what stands at another name meet the wish?
bool would_agree(const Facts& facts, const Probe& probe);
/// The answer of the witness for another type at the name, if there is such a record.
const Probe* beside(const Facts& facts, WireType type);

/// "a, b, c and 4 more"
std::string shown(const std::vector<std::string>& values);
/// As most providers' forms want the host: relative to the zone, "@" for the zone itself.
std::string host_in_form(const DnsName& name, const DnsName& zone);
std::string wanted_value(const Facts& facts);
/// "www.shop.example CNAME"
std::string what(const Facts& facts);
/// What to type: "type CNAME, host www, value app.saas.example"; for a CNAME at the top of the zone, what does its
/// work.
std::string entry(const Facts& facts);
std::string zone_text(const Facts& facts);
/// "in the zone shop.example"; for the name servers of a domain itself "at the registrar".
std::string where(const Facts& facts);
/// "www.shop.example CNAME old.example", "NXDOMAIN for www.shop.example CNAME"
std::string said_by(const Probe& probe);
Evidence evidence_of(const Probe& probe);
Evidence evidence_of(const Above& above, std::string said);
/// With the usual weight of the cause.
Finding finding(Cause cause, std::string text, std::string fix, std::vector<Evidence> evidence);
/// At most kEvidenceMax, as all_with.
std::vector<Evidence> all_who_spoke(const Facts& facts);
std::vector<Evidence> all_with(const Facts& facts, Verdict verdict);
std::string who(const ServerAnswer& answer);
std::string list_of(const std::vector<DnsName>& names);

}  // namespace signpost::dns::reading
