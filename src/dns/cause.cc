// SPDX-License-Identifier: Apache-2.0
#include "dns/cause.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::dns {

namespace {

using enum Weight;

constexpr std::array kCauses{
    CauseRow{Cause::kDomainUnregistered, "domain_unregistered", kBlocks,
             "The registry does not know the domain: it was never registered, or it has been deleted.",
             "Register the domain, or correct its spelling in the connection."},
    CauseRow{Cause::kDomainExpired, "domain_expired", kBlocks,
             "The domain's name servers are those a registrar sets when a domain has expired or is parked.",
             "Renew the domain at the registrar, then set its own name servers again."},
    CauseRow{Cause::kNoDelegation, "no_delegation", kBlocks, "No zone can be found that would hold the name.",
             "Set the domain's name servers at the registrar."},
    CauseRow{Cause::kNotDelegatedHere, "not_delegated_here", kBlocks,
             "The record stands at a name server to which the domain is not delegated, so nobody asks there.",
             "Add the record at the DNS provider that the registrar names, or change the name servers at the "
             "registrar."},
    CauseRow{Cause::kSubzoneDelegated, "subzone_delegated", kBlocks,
             "The name lies in a zone of its own: name server records hand it to other servers than the domain's.",
             "Add the record at the servers of that zone, or remove the NS records at its name."},
    CauseRow{Cause::kAliasLoop, "alias_loop", kBlocks, "The CNAME records run in a circle.",
             "Point the CNAME at the wanted target, so that the circle is broken."},
    CauseRow{Cause::kAliasChainLong, "alias_chain_long", kBlocks,
             "More than 8 CNAME records follow each other; many resolvers give up.",
             "Point the CNAME directly at the last target."},
    CauseRow{Cause::kChallengeShadowed, "challenge_shadowed", kBlocks,
             "At the name of the certificate challenge stands a record that hides the wanted one.",
             "Remove the other record at this name and add the wanted one."},
    CauseRow{Cause::kChallengeStale, "challenge_stale", kBlocks,
             "The certificate challenge has only values of earlier attempts.", "Replace the old value by the new one."},
    CauseRow{Cause::kNameDoubled, "name_doubled", kBlocks,
             "The record stands at a name that has the domain twice: the provider's form appends the domain itself.",
             "Type only the part before the domain as the host."},
    CauseRow{Cause::kNameMisplaced, "name_misplaced", kBlocks, "The right value stands at another name of the domain.",
             "Move the record to the wanted host."},
    CauseRow{Cause::kTargetIsUrl, "target_is_url", kBlocks, "The target was typed as a web address.",
             "Type the host name alone, without https:// and without a path."},
    CauseRow{Cause::kTargetRelative, "target_relative", kBlocks,
             "The domain was appended to the target, because the last dot is missing.",
             "Type the target with a dot at its end, or as the provider's form wants it."},
    CauseRow{Cause::kTargetIsAddress, "target_is_address", kBlocks,
             "An IP address was typed where a host name belongs.",
             "Type the host name, or use an A record if an address is really wanted."},
    CauseRow{Cause::kProxied, "proxied", kBlocks,
             "The name answers with the addresses of a proxy (a CDN), which hides the record behind it.",
             "Switch the proxy off for this record, so that it answers itself."},
    CauseRow{Cause::kAliasInTheWay, "alias_in_the_way", kBlocks,
             "A CNAME stands at the name, and a name with a CNAME can have no other record (RFC 1034 3.6.2).",
             "Remove the CNAME, then add the wanted record."},
    CauseRow{Cause::kRecordsInTheWay, "records_in_the_way", kBlocks,
             "Other records stand at the name, and a CNAME can only stand alone (RFC 1034 3.6.2).",
             "Remove those records, then add the CNAME."},
    CauseRow{Cause::kOldAddressBeside, "old_address_beside", kBlocks,
             "The wanted address is there, and another one too, which gets its share of the visitors.",
             "Remove the other address."},
    CauseRow{Cause::kMxPreference, "mx_preference", kBlocks, "The mail host is right, its preference is not.",
             "Change the preference (priority) of the record."},
    CauseRow{Cause::kMxOtherFirst, "mx_other_first", kBlocks,
             "The mail host is there, but another one has the same or a better preference and gets the mail.",
             "Remove the other host, or give it a higher number."},
    CauseRow{Cause::kTxtQuoted, "txt_quoted", kBlocks, "The value has quotation marks as part of the text.",
             "Type the value without quotation marks."},
    CauseRow{Cause::kTxtPadded, "txt_padded", kBlocks, "The value has blanks where none belong.",
             "Type the value again, without blanks before, after or inside."},
    CauseRow{Cause::kTxtCut, "txt_cut", kBlocks, "Only the beginning of the value is there.",
             "Type the whole value; if the form takes only 255 characters, in several strings of one record."},
    CauseRow{Cause::kTxtSplit, "txt_split", kBlocks,
             "The value is spread over several TXT records; they have no order and are never joined.",
             "Put the parts into one record."},
    CauseRow{Cause::kSpfTwice, "spf_twice", kBlocks,
             "There are two SPF records, so receivers use neither (RFC 7208 4.5).", "Merge them into one record."},
    CauseRow{Cause::kSpfInvalid, "spf_invalid", kBlocks, "The SPF record cannot be read, so receivers do not use it.",
             "Correct the record."},
    CauseRow{Cause::kSpfPartMissing, "spf_part_missing", kBlocks,
             "There is an SPF record, but it lacks what is wanted.",
             "Add the missing part to the record that is there; do not add a second record."},
    CauseRow{Cause::kDmarcTwice, "dmarc_twice", kBlocks,
             "There are two DMARC records, so receivers use neither (RFC 7489 6.6.3).", "Keep one of them."},
    CauseRow{Cause::kDmarcOther, "dmarc_other", kBlocks, "The DMARC record says something else.",
             "Change the tags that differ."},
    CauseRow{Cause::kDkimRevoked, "dkim_revoked", kBlocks, "The DKIM key is revoked: its p= is empty (RFC 6376 3.6.1).",
             "Publish the key again."},
    CauseRow{Cause::kDkimOtherKey, "dkim_other_key", kBlocks, "The DKIM selector has another key.",
             "Replace the value by the wanted one."},
    CauseRow{Cause::kSerialsLag, "serials_lag", kPasses, "Some name servers still have an older version of the zone.",
             "Wait until they have fetched the new one. If it lasts for hours, ask the DNS provider why."},
    CauseRow{Cause::kServersDisagree, "servers_disagree", kBlocks,
             "Some name servers of the zone have the record, others do not.",
             "Wait a few minutes; if it lasts, change the record at every provider whose servers the domain names."},
    CauseRow{Cause::kTcpBlocked, "tcp_blocked", kRisks,
             "The answer is too long for UDP, and the server does not answer over TCP (RFC 7766).",
             "Have TCP port 53 opened at the DNS server."},
    CauseRow{Cause::kWildcardAnswers, "wildcard_answers", kBlocks,
             "There is no record of this name; a wildcard record answers for it.",
             "Add the wanted record; it goes before the wildcard."},
    CauseRow{Cause::kOtherValue, "other_value", kBlocks, "The record is there with another value.",
             "Change the value."},
    CauseRow{Cause::kTypeMissing, "type_missing", kBlocks, "The name is there, without a record of this type.",
             "Add the record."},
    CauseRow{Cause::kNameMissing, "name_missing", kBlocks, "There is no such name.", "Add the record."},
    CauseRow{Cause::kServersRefuse, "servers_refuse", kBlocks,
             "Name servers refuse to answer: the zone is not set up there.",
             "Set the zone up at this DNS provider, or name other servers at the registrar."},
    CauseRow{Cause::kServersLame, "servers_lame", kBlocks,
             "Name servers answer without authority for the zone: they do not have it.",
             "Set the zone up at this DNS provider, or name other servers at the registrar."},
    CauseRow{Cause::kServersFail, "servers_fail", kBlocks, "Name servers answer with an error.",
             "Ask the DNS provider; the zone may have a mistake that keeps it from loading."},
    CauseRow{Cause::kServersMalformed, "servers_malformed", kBlocks,
             "Name servers answer with something that is not DNS.", "Ask who runs the servers."},
    CauseRow{Cause::kServersSilent, "servers_silent", kBlocks, "Name servers give no answer.",
             "Check that the servers run and that UDP and TCP port 53 are open; or name other servers at the "
             "registrar."},
    CauseRow{Cause::kServersUnreachable, "servers_unreachable", kBlocks, "Name servers cannot be asked.",
             "Check the servers' addresses; or name other servers at the registrar."},
    CauseRow{Cause::kServerAddressPrivate, "server_address_private", kRisks,
             "A name server has an address that the internet cannot reach.",
             "Give the name server a public address, or remove it from the domain's name servers."},
    CauseRow{Cause::kServerWithoutAddress, "server_without_address", kRisks, "A name server has no address.",
             "Correct the name server's name at the registrar, or add its address."},
    CauseRow{Cause::kDnssecDsWithoutKeys, "dnssec_ds_without_keys", kRisks,
             "The registry says that the zone is signed (DS), but the zone has no such key: validating resolvers "
             "refuse every answer.",
             "Remove the DS record at the registrar, or sign the zone with the key it names."},
    CauseRow{Cause::kDnssecBogus, "dnssec_bogus", kRisks,
             "The zone's signatures are wrong: validating resolvers refuse its answers.",
             "Sign the zone again, or remove the DS record at the registrar."},
    CauseRow{Cause::kRecordsBesideAlias, "records_beside_alias", kRisks,
             "A CNAME and other records stand at the same name; what is answered depends on the resolver.",
             "Remove one of them."},
    CauseRow{Cause::kStaleAaaa, "stale_aaaa", kRisks,
             "An AAAA record that nobody asked for stands beside the A record: visitors with IPv6 go there.",
             "Remove the AAAA record."},
    CauseRow{Cause::kTargetMissing, "target_missing", kRisks,
             "The CNAME is right, but its target does not exist or has no address.",
             "This is for us to mend, not for the customer: create the target."},
    CauseRow{Cause::kSpfTooManyLookups, "spf_too_many_lookups", kRisks,
             "The SPF record needs more than 10 DNS look-ups, so receivers stop reading it (RFC 7208 4.6.4).",
             "Remove includes that are no longer used."},
    CauseRow{Cause::kDelegationDiffers, "delegation_differs", kRisks,
             "The name servers at the registrar and those in the zone itself differ.", "Make both lists equal."},
    CauseRow{Cause::kCaaForbids, "caa_forbids", kRisks,
             "A CAA record forbids the certificate authority that is used (RFC 8659).",
             "Add a CAA record that allows it."},
    CauseRow{Cause::kCaaFails, "caa_fails", kRisks,
             "The CAA records cannot be looked up; certificate authorities must refuse then (RFC 8659 3).",
             "Mend the name servers: they must answer questions for CAA, if only with nothing."},
    CauseRow{Cause::kCachesOld, "caches_old", kPasses,
             "The name servers are right; a resolver still has the old answer in its cache.",
             "Wait until its time is over."},
    CauseRow{Cause::kEdnsRefused, "edns_refused", kRemark,
             "A name server does not answer questions with EDNS (RFC 6891), only plain ones.",
             "Have the server or the firewall before it brought up to date."},
    CauseRow{Cause::kResolversFail, "resolvers_fail", kBlocks,
             "Our own resolvers could not find the domain's name servers.",
             "If other domains work, the zone is broken at the registrar or at the DNS provider."},
    CauseRow{Cause::kTooManyRecords, "too_many_records", kBlocks,
             "One look takes no more records; this one was not looked at.", "Split the connection."},
    CauseRow{Cause::kTooBusy, "too_busy", kBlocks, "DNS was not looked at: too much at once, or shutting down.",
             "Nothing: the look is made again."},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (static_cast<std::size_t>(kCauses[i].cause) != i) return false;
  }
  return static_cast<std::size_t>(Cause::kTooBusy) + 1 == kCauses.size();
}
static_assert(is_in_order(), "one row for each cause, in the order of the enum");

}  // namespace

std::span<const CauseRow> causes() { return kCauses; }

std::string_view name_of(Cause cause) { return kCauses[static_cast<std::size_t>(cause)].code; }

std::optional<Cause> parse_cause(std::string_view code) {
  const auto row = std::ranges::find(kCauses, code, &CauseRow::code);
  return row == kCauses.end() ? std::nullopt : std::optional(row->cause);
}

std::string_view name_of(Weight weight) {
  switch (weight) {
    case kBlocks:
      return "blocks";
    case kRisks:
      return "risks";
    case kPasses:
      return "passes";
    case kRemark:
      return "remark";
  }
  return "";
}

std::string causes_page() {
  std::string page =
      "# Causes\n\n"
      "What can be wrong with a record, as `causes` of an observation and `attention` of a connection name it. A code\n"
      "never changes its meaning; new ones may be added. `signpost dns causes` prints this page.\n\n"
      "A cause **blocks** (the record is not what it must be), **risks** (it works, or will, but something will "
      "hurt),\n"
      "**passes** (goes away by itself) or is a **remark** (odd, harmless). Several may hold at once: those that "
      "block\n"
      "come first, of each weight in the order of this table. A look names who said what, and the exact values to "
      "type.\n\n"
      "| Code | Weight | What it means | What to do |\n|---|---|---|---|\n";
  for (const auto& row : kCauses) {
    page += format("| `{}` | {} | {} | {} |\n", row.code, name_of(row.weight), row.meaning, row.fix);
  }
  return page;
}

}  // namespace signpost::dns
