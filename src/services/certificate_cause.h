// SPDX-License-Identifier: Apache-2.0
//
// Why a certificate does not come: the stable codes that stand in `trouble` and `attention`, as a table.
// Values and pure functions; any thread. A word of ours that is not in the table does not compile; those of
// acme::Trouble are held to it by a test; those of dns::Cause stand in docs/causes.md, here after "certificate_".
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "acme/problem.h"

namespace signpost::services {

struct CertificateCauseRow {
  std::string_view word;     // "limit": the code is "certificate_limit"
  std::string_view meaning;  // one sentence
  std::string_view fix;      // one or two sentences
};

/// Of the name and its DNS first, then of the settings, of the authority, of ourselves.
inline constexpr std::array kCertificateCauses{
    CertificateCauseRow{"renewal_txt", "Step 1 was a plain TXT, and the renewal needs a new value there.",
                        "Add the TXT that the explanation names beside or instead of the old one, before the "
                        "certificate ends. To end this for ever, connect the host anew with `certificate: cname`."},
    CertificateCauseRow{"ownership_unproven",
                        "Step 1 is a plain TXT, and the authority takes the name for proven already, or another "
                        "organization has, or had, the same value to prove it with.",
                        "Add the TXT at `_signpost…` that the explanation names: it proves the claim of this "
                        "connection alone."},
    CertificateCauseRow{"name_too_long", "There is no room for `_acme-challenge.` before the host name.",
                        "Connect a shorter host name: 237 characters at most."},
    CertificateCauseRow{"caa_forbids", "CAA records of the domain do not let the authority issue.",
                        "Change the CAA records as the explanation says, or configure an authority that they name."},
    CertificateCauseRow{"caa_fails", "A name server of the domain fails when it is asked for CAA records.",
                        "Have the DNS provider repair it: no authority issues while it fails."},
    CertificateCauseRow{"caa_unseen", "CAA records could not be looked up from here.",
                        "Nothing: it is tried again. If it stays so, look at the resolvers of the settings."},
    CertificateCauseRow{"validation_failed",
                        "The authority looked and did not find the challenge, although all name servers that we "
                        "asked showed it.",
                        "Nothing at first: it is tried again. If it stays so, a name server answers differently "
                        "elsewhere in the world: have the DNS provider look, with the authority's words."},
    CertificateCauseRow{"caa", "The authority says that CAA records forbid it.",
                        "As for `certificate_caa_forbids`; a server that answers differently elsewhere is likely."},
    CertificateCauseRow{"dns", "The authority's own look-up failed.",
                        "As for `certificate_validation_failed`; check DNSSEC with `signpost dns observe`."},
    CertificateCauseRow{"unauthorized", "The authority saw another challenge, or our account may not do this.",
                        "As for `certificate_validation_failed`; read the authority's words."},
    CertificateCauseRow{"incorrect_response", "The authority saw another value than that of the challenge.",
                        "As for `certificate_validation_failed`."},
    CertificateCauseRow{"connection", "The authority could not connect to validate the name.",
                        "Nothing: it is tried again."},
    CertificateCauseRow{"tls", "The authority's validation failed in TLS.", "Nothing: it is tried again."},
    CertificateCauseRow{"identifier_refused", "The authority never certifies this name.",
                        "Configure another authority, or connect another host name."},
    CertificateCauseRow{"order_expired", "The order ended before DNS showed its challenge.",
                        "Nothing with a CNAME: a new one is placed. With a TXT ask `start-certificate` again and add "
                        "the new value."},
    CertificateCauseRow{"order_refused", "The authority gave the order up after it had seen the names proven.",
                        "It is tried again; the explanation has the authority's words."},
    CertificateCauseRow{"limit",
                        "A limit of the authority would be passed: orders of the account, certificates of "
                        "the domain or of these names, failed validations.",
                        "Nothing: it goes on at the time that the explanation names. Another authority in the "
                        "settings takes over where it can."},
    CertificateCauseRow{"rate_limited", "The authority itself said that a limit is passed.",
                        "Nothing: it goes on when the authority allows it. If it comes often, somebody else uses the "
                        "same account, or the limits of the settings are another authority's."},
    CertificateCauseRow{"no_authority", "The settings have no authority, or not the one that the order is at.",
                        "Add `[[authorities]]`, under its old name, and restart."},
    CertificateCauseRow{"no_zone", "The settings have no ACME zone any more, but the customer's CNAME leads there.",
                        "Set `dns.acme_zone` again and restart."},
    CertificateCauseRow{"zone_unwritable", "The challenge could not be written into the ACME zone.",
                        "`signpost acme-zone check` says what is wrong; it is tried again by itself."},
    CertificateCauseRow{"terms_changed", "The authority's terms must be agreed to before it goes on.",
                        "Read them, set `authorities.agree_to_terms` and restart."},
    CertificateCauseRow{"external_account_needed", "The authority wants an external account key, or refused ours.",
                        "Get one from the authority, set `authorities.eab_key_id` and `eab_mac_key_file`, restart."},
    CertificateCauseRow{"bad_contact", "The authority refuses the account's contact.",
                        "Correct `authorities.contact` and restart."},
    CertificateCauseRow{"bad_profile", "The authority does not have the profile, or not for this order.",
                        "Correct `authorities.profile` and restart."},
    CertificateCauseRow{"no_dns_challenge", "The authority offers no DNS challenge for the name.",
                        "Configure another authority."},
    CertificateCauseRow{"account_gone", "The authority does not know our account any more.",
                        "Nothing: another account is made."},
    CertificateCauseRow{"try_later", "The authority is out of order.",
                        "Nothing: it is tried again within the hour, and at the next authority of the settings."},
    CertificateCauseRow{"authority_busy", "The authority has been at work on the order for over an hour.",
                        "Nothing: it is asked again, and with a CNAME another authority of the settings takes the "
                        "order over. If it stays so, ask the authority."},
    CertificateCauseRow{"unreachable", "The authority does not answer.",
                        "Nothing, if it is down. If it stays so, see whether this machine may reach it, and "
                        "`authorities.directory_url` and `ca_file`."},
    CertificateCauseRow{"nonsense", "What the authority said is not ACME, or over a limit.",
                        "See whether `authorities.directory_url` is an ACME directory and no proxy stands between."},
    CertificateCauseRow{"clock_wrong", "Our clock is wrong.",
                        "Set it (`chronyc makestep`, `timedatectl`): then it goes on by itself."},
    CertificateCauseRow{"already_replaced", "The certificate to renew has a successor at the authority already.",
                        "Nothing: a new order is placed."},
    CertificateCauseRow{"already_revoked", "The certificate is revoked already.", "Nothing: a new order is placed."},
    CertificateCauseRow{"not_found", "The authority does not know the order any more.",
                        "Nothing: a new order is placed."},
    CertificateCauseRow{"order_not_ready", "The authority was asked to finish an order too early.",
                        "Nothing: it is tried again."},
    CertificateCauseRow{"chain_incomplete", "The chain that the authority sent lacks a certificate, or has one wrong.",
                        "Nothing: a new order is placed. If it stays so, set another `authorities.preferred_root`."},
    CertificateCauseRow{"names_missing", "The certificate does not cover all names that were ordered.",
                        "Nothing: a new order is placed. If it stays so, use another authority."},
    CertificateCauseRow{"key_mismatch", "The certificate is not for our key.",
                        "Nothing: a new order is placed. If it stays so, report it as a bug."},
    CertificateCauseRow{"key_lost", "The key of the order cannot be opened.",
                        "See whether the master key is that of the database (docs/operating/backup.md); a new order "
                        "is placed."},
    CertificateCauseRow{"own_failure",
                        "Something of Signpost's own failed, and no authority refused anything: its database, or the "
                        "making and sealing of a key.",
                        "Nothing, if it passes: it is tried again within a minute, and no order or attempt is lost. If "
                        "it stays so, the explanation says what failed: look at the disk, the database and the master "
                        "key."},
    CertificateCauseRow{"bad_request", "The authority refuses our certification request.",
                        "It is tried again; if it stays so, report it as a bug."},
    CertificateCauseRow{"bad_key", "The authority refuses the account's key.",
                        "It is tried again; if it stays so, report it as a bug."},
    CertificateCauseRow{"refused", "The authority refuses for another reason, which the explanation names.",
                        "It is tried again; if it stays so, report it as a bug."},
};

constexpr bool is_certificate_cause(std::string_view word) {
  for (const auto& row : kCertificateCauses) {
    if (row.word == word) return true;
  }
  return false;
}

/// One of our own words.
class CertificateCause {
 public:
  consteval CertificateCause(const char* word) : word_(word) {  // NOLINT: so that a literal is one
    if (!is_certificate_cause(word_)) throw "the table above has no such word";
  }
  std::string_view word() const { return word_; }

 private:
  std::string_view word_;
};

/// "certificate_limit"
std::string cause_of(CertificateCause cause);
std::string cause_of(acme::Trouble trouble);
/// Of what a look at DNS found: a code of dns::Cause, or "name_too_long".
std::string cause_seen(std::string_view cause);

/// docs/operating/certificate-causes.md.
std::string certificate_causes_page();

}  // namespace signpost::services
