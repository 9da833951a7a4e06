// SPDX-License-Identifier: Apache-2.0
#include "dns/update_message.h"

#include <ldns/ldns.h>

#include <cstdlib>
#include <memory>

#include "base/text.h"

namespace signpost::dns {
namespace {

struct Free {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
  void operator()(ldns_rr_list* list) const { ldns_rr_list_deep_free(list); }
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
  void operator()(std::uint8_t* octets) const { std::free(octets); }  // NOLINT: ldns allocates with malloc
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::uint16_t kFudgeSeconds = 300;  // RFC 8945 10
constexpr std::size_t kSecretBytesMin = 16;
constexpr std::size_t kSecretBytesMax = 512;
constexpr std::size_t kStringBytesMax = 255;
constexpr std::size_t kHeaderBytes = 12;
constexpr int kNotZone = 10;

// The fields of a TSIG record (RFC 8945 4.2).
constexpr std::size_t kTsigFields = 7;
constexpr std::size_t kTsigTime = 1;
constexpr std::size_t kTsigMac = 3;
constexpr std::size_t kTsigError = 5;

enum class TsigError : std::uint16_t { kNone = 0, kBadSig = 16, kBadKey = 17, kBadTime = 18 };

std::string octets_of(const ldns_rdf* rdf) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf)};
}

std::string algorithm_name(const TsigKey& key) { return std::string(name_of(key.algorithm)) + "."; }
std::string key_name(const TsigKey& key) { return key.name.text() + "."; }

Result<Owned<ldns_pkt>> update_packet(const DnsName& zone, const TextUpdate& update, std::uint32_t ttl) {
  const Owned<ldns_rr_list> none(ldns_rr_list_new());
  const Owned<ldns_rr_list> changes(ldns_rr_list_new());
  auto* rr = ldns_rr_new_frm_type(LDNS_RR_TYPE_TXT);
  ldns_rr_list_push_rr(changes.get(), rr);
  // An RR is added with its class and deleted with the class NONE (RFC 2136 2.5.1, 2.5.4).
  const bool adds = update.act == TextUpdate::Act::kAdd;
  ldns_rr_set_owner(rr, ldns_dname_new_frm_str(update.name.text().c_str()));
  ldns_rr_set_class(rr, adds ? LDNS_RR_CLASS_IN : LDNS_RR_CLASS_NONE);
  ldns_rr_set_ttl(rr, adds ? ttl : 0);
  const auto text = std::string(1, static_cast<char>(update.value.size())) + update.value;
  ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, text.size(), text.data()));
  auto* zone_name = ldns_dname_new_frm_str(zone.text().c_str());
  if (zone_name == nullptr || ldns_rr_owner(rr) == nullptr) {
    ldns_rdf_deep_free(zone_name);
    return fail(Kind::kUnprocessable, format("{} cannot be written into a message", update.name.text()));
  }
  Owned<ldns_pkt> packet(ldns_update_pkt_new(zone_name, LDNS_RR_CLASS_IN, none.get(), changes.get(), none.get()));
  if (!packet) return fail(Kind::kInternal, "ldns makes no update of it");
  return packet;
}

Result<std::string> wire_of(const ldns_pkt* packet) {
  std::uint8_t* octets = nullptr;
  std::size_t size = 0;
  const auto status = ldns_pkt2wire(&octets, packet, &size);
  const Owned<std::uint8_t> owned(octets);
  if (status != LDNS_STATUS_OK) return fail(Kind::kInternal, ldns_get_errorstr_by_id(status));
  return std::string(reinterpret_cast<const char*>(octets), size);
}

/// Only one with all its fields, each as long as it must be.
const ldns_rr* whole_tsig(const ldns_pkt* packet) {
  const auto* tsig = ldns_pkt_tsig(packet);
  if (tsig == nullptr || ldns_rr_rd_count(tsig) != kTsigFields) return nullptr;
  const auto size_of = [&](std::size_t field) { return ldns_rdf_size(ldns_rr_rdf(tsig, field)); };
  return size_of(kTsigTime) == 6 && size_of(kTsigError) == 2 && size_of(kTsigMac) >= 2 ? tsig : nullptr;
}

TsigError error_of(const ldns_rr* tsig) {
  return tsig == nullptr ? TsigError::kNone
                         : static_cast<TsigError>(ldns_rdf2native_int16(ldns_rr_rdf(tsig, kTsigError)));
}

std::int64_t seconds_of(const ldns_rr* tsig) {
  std::int64_t seconds = 0;
  for (const auto octet : octets_of(ldns_rr_rdf(tsig, kTsigTime))) {
    seconds = seconds << 8 | static_cast<std::uint8_t>(octet);
  }
  return seconds;
}

Error refused(Kind kind, std::string_view server, std::string_view what) {
  return Error{kind, format("the name server {} {}", server, what), {}, std::nullopt};
}

Error key_trouble(TsigError error, const TsigKey& key, std::string_view server) {
  switch (error) {
    case TsigError::kBadKey:
      return refused(Kind::kForbidden, server,
                     format("does not know the key {} with {} (BADKEY): \"dns.acme_zone_key_name\" and "
                            "\"dns.acme_zone_key_algorithm\" must be as in its configuration, and the zone must allow "
                            "updates with it",
                            key.name.text(), name_of(key.algorithm)));
    case TsigError::kBadSig:
      return refused(Kind::kForbidden, server,
                     format("has another secret for the key {} (BADSIG): put the one of its configuration into "
                            "\"dns.acme_zone_key_file\"",
                            key.name.text()));
    case TsigError::kBadTime:
      return refused(Kind::kForbidden, server,
                     format("has another time than this machine, by more than {} seconds (BADTIME): set both clocks "
                            "right, by NTP",
                            kFudgeSeconds));
    case TsigError::kNone:
      break;
  }
  return refused(Kind::kForbidden, server,
                 format("does not take the key's signature (TSIG error {})", static_cast<std::uint16_t>(error)));
}

Error code_trouble(std::uint16_t code, const DnsName& zone, std::string_view server, bool is_signed) {
  switch (static_cast<Rcode>(code)) {
    case Rcode::kRefused:
      return refused(Kind::kForbidden, server,
                     format("refuses updates of {} {} (REFUSED): let its configuration allow them (BIND: "
                            "update-policy or allow-update; Knot: an acl with action update)",
                            zone.text(), is_signed ? "with this key" : "that are not signed"));
    case Rcode::kNotImp:
      return refused(Kind::kForbidden, server,
                     "does not know dynamic updates (NOTIMP): \"dns.acme_zone_server\" must be the zone's primary");
    case Rcode::kNotAuth:
      return refused(Kind::kForbidden, server,
                     format("is not the primary of a zone {} (NOTAUTH): \"dns.acme_zone\" must be the zone's own name "
                            "and \"dns.acme_zone_server\" its primary",
                            zone.text()));
    case Rcode::kServFail:
      return refused(Kind::kUnavailable, server, "failed to write the zone (SERVFAIL): its log says why");
    case Rcode::kNoError:
    case Rcode::kFormErr:
    case Rcode::kNxDomain:
    case Rcode::kBadVers:
      break;
  }
  if (code == kNotZone) {
    return refused(Kind::kUnprocessable, server,
                   format("says that the name is not in the zone {} (NOTZONE)", zone.text()));
  }
  return refused(Kind::kProtocol, server, format("answered an update with {}", name_of(static_cast<Rcode>(code))));
}

Result<void> check_signature(ldns_pkt* packet, std::string_view octets, const SignedUpdate& update, const TsigKey& key,
                             std::string_view server, Time now) {
  const auto* tsig = whole_tsig(packet);
  const Owned<ldns_rdf> mac(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, update.mac.size(), update.mac.data()));
  const bool is_genuine =
      tsig != nullptr && ldns_pkt_tsig_verify(packet, reinterpret_cast<const std::uint8_t*>(octets.data()),
                                              octets.size(), key_name(key).c_str(), key.secret.c_str(), mac.get());
  if (!is_genuine) {
    return std::unexpected(refused(
        Kind::kProtocol, server,
        "answered without the right signature (TSIG), so nobody knows whether the zone was written: somebody in "
        "between, or a server that does not sign its answers"));
  }
  const auto off = seconds_of(tsig) - to_ms(now) / 1000;
  if (off <= kFudgeSeconds && off >= -kFudgeSeconds) return {};
  return std::unexpected(key_trouble(TsigError::kBadTime, key, server));
}

}  // namespace

std::string_view name_of(TsigAlgorithm algorithm) {
  switch (algorithm) {
    case TsigAlgorithm::kHmacSha256:
      return "hmac-sha256";
    case TsigAlgorithm::kHmacSha512:
      return "hmac-sha512";
  }
  return "";
}

std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) {
  for (const auto algorithm : {TsigAlgorithm::kHmacSha256, TsigAlgorithm::kHmacSha512}) {
    if (text == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

Result<TsigKey> make_tsig_key(DnsName name, TsigAlgorithm algorithm, std::string_view secret) {
  const auto text = trim(secret);
  const auto octets = from_base64(text);
  if (!octets || octets->size() < kSecretBytesMin || octets->size() > kSecretBytesMax) {
    return fail(Kind::kUnprocessable,
                format("the secret of a TSIG key must be base64 of {} to {} octets, as tsig-keygen and keymgr write it",
                       kSecretBytesMin, kSecretBytesMax));
  }
  return TsigKey{std::move(name), algorithm, std::string(text)};
}

Result<SignedUpdate> encode_update(const DnsName& zone, const TextUpdate& update, std::uint32_t ttl, std::uint16_t id,
                                   const std::optional<TsigKey>& key) {
  if (update.value.empty() || update.value.size() > kStringBytesMax) {
    return fail(Kind::kUnprocessable, format("a TXT value of 1 to {} octets was expected, this one has {}",
                                             kStringBytesMax, update.value.size()));
  }
  const auto packet = TRY(update_packet(zone, update, ttl));
  ldns_pkt_set_id(packet.get(), id);
  ldns_pkt_set_rd(packet.get(), false);  // the bits of a query are reserved here (RFC 2136 2.2)
  SignedUpdate made{.octets = {}, .id = id, .mac = {}};
  if (key) {
    const auto status = ldns_pkt_tsig_sign(packet.get(), key_name(*key).c_str(), key->secret.c_str(), kFudgeSeconds,
                                           algorithm_name(*key).c_str(), nullptr);
    const auto* tsig = status == LDNS_STATUS_OK ? whole_tsig(packet.get()) : nullptr;
    if (tsig == nullptr)
      return fail(Kind::kInternal, format("ldns does not sign: {}", ldns_get_errorstr_by_id(status)));
    made.mac = octets_of(ldns_rr_rdf(tsig, kTsigMac));
  }
  made.octets = TRY(wire_of(packet.get()));
  return made;
}

Result<void> read_update_answer(std::string_view octets, const SignedUpdate& update, const DnsName& zone,
                                const std::optional<TsigKey>& key, std::string_view server, Time now) {
  const auto nonsense = [&](std::string_view what) {
    return std::unexpected(refused(Kind::kProtocol, server, format("answered an update with {}", what)));
  };
  constexpr std::uint8_t kUpdateResponse = 0x80 | 5 << 3;
  if (octets.size() < kHeaderBytes || octets.size() > kMessageBytesMax) return nonsense("no DNS message");
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(octets[i]); };
  if ((at(2) & 0xF8U) != kUpdateResponse || (at(0) << 8 | at(1)) != update.id) return nonsense("another message");
  ldns_pkt* raw = nullptr;
  const auto status = ldns_wire2pkt(&raw, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
  const Owned<ldns_pkt> packet(status == LDNS_STATUS_OK ? raw : nullptr);
  if (!packet) return nonsense(format("a broken message: {}", ldns_get_errorstr_by_id(status)));
  const auto code = static_cast<std::uint16_t>(at(3) & 0x0FU);
  // Why it failed may be said without a signature: whoever forges that gains nothing but our next try.
  if (const auto error = error_of(whole_tsig(packet.get())); key && error != TsigError::kNone) {
    return std::unexpected(key_trouble(error, *key, server));
  }
  if (code != 0) return std::unexpected(code_trouble(code, zone, server, key.has_value()));
  if (key) return check_signature(packet.get(), octets, update, *key, server, now);
  return {};
}

}  // namespace signpost::dns
