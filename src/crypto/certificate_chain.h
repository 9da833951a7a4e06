// SPDX-License-Identifier: Apache-2.0
//
// A certificate with those that lead from it towards a root, as an authority hands it out (RFC 8555 9.1).
// Value; any thread, immutable. Parsed once: whoever holds a chain holds at least one certificate, the leaf first; the
// checks say what parsing does not promise.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/private_key.h"

namespace signpost::crypto {

/// What a certificate says of itself.
struct CertificateFacts {
  std::vector<DnsName> names;  // subjectAltName, dNSName only
  Time not_before{};
  Time not_after{};
  std::string serial;            // hexadecimal, lower case, whole octets, as authorities print it
  std::string subject;           // RFC 2253: "CN=shop.example"; empty if there is none
  std::string issuer;            // RFC 2253
  std::string issuer_name;       // the issuer's common name alone: "ISRG Root X1"; empty if it has none
  std::string authority_key_id;  // raw octets; empty if there is none
  std::string subject_key_id;    // raw octets; empty if there is none
  std::string fingerprint;       // SHA-256 of the DER, hexadecimal, lower case
  bool is_authority = false;     // basicConstraints: cA

  /// One of its names is this name, or its wildcard stands for it (RFC 6125 6.4.3: for one label).
  bool covers(const DnsName& name) const;
};

class CertificateChain {
 public:
  static constexpr std::size_t bytes_max = 128 * 1024;
  static constexpr std::size_t certificates_max = 10;
  static constexpr std::size_t names_max = 200;  // of one certificate

  /// One or more blocks "CERTIFICATE"; text between them is ignored, other blocks are not. kProtocol for what is no
  /// certificate, or has a name that is none; kTooLarge over a limit above.
  /// Issuers that `earlier` has, octet for octet, are taken from there: to read one costs more than to sign with a key,
  /// and an authority's chains end alike.
  static Result<CertificateChain> parse(std::string_view pem, const CertificateChain* earlier = nullptr);

  CertificateChain(const CertificateChain&) = default;
  CertificateChain(CertificateChain&&) noexcept = default;
  CertificateChain& operator=(const CertificateChain&) = default;
  CertificateChain& operator=(CertificateChain&&) noexcept = default;

  const CertificateFacts& leaf() const { return facts_.front(); }
  /// The leaf first.
  const std::vector<CertificateFacts>& certificates() const { return facts_; }
  /// The common name of who signed the last one: what `preferred chain` names.
  const std::string& root_name() const { return facts_.back().issuer_name; }

  /// All of it anew, nothing between the blocks.
  std::string pem() const;
  /// The two parts of it that ACM takes apart.
  std::string leaf_pem() const;
  std::string issuers_pem() const;
  /// As revokeCert takes it.
  std::string leaf_der() const;

  /// kUnprocessable unless the leaf certifies this key.
  Result<void> check_key(const PrivateKey& key) const;
  /// Each certificate signs the one before and may do so, and there is one after the leaf. A root at the end is
  /// harmless. kUnprocessable with what is missing or out of order.
  Result<void> check_order() const;
  /// kUnprocessable with the first name that the leaf does not cover.
  Result<void> check_names(const std::vector<DnsName>& names) const;
  /// kUnprocessable if one of them is not valid yet at `now`, or no more; a difference of days hints at our clock.
  Result<void> check_times(Time now) const;

  /// The leaf's id for renewalInfo and `replaces` (RFC 9773 4.1): base64url(authority key id) "." base64url(serial).
  /// kUnprocessable if it names no authority key.
  Result<std::string> renewal_id() const;

  struct State;

 private:
  CertificateChain(std::shared_ptr<const State> state, std::vector<CertificateFacts> facts)
      : state_(std::move(state)), facts_(std::move(facts)) {}
  std::optional<std::size_t> find_issuer(std::string_view der) const;

  std::shared_ptr<const State> state_;  // owned by every copy; immutable
  std::vector<CertificateFacts> facts_;
};

}  // namespace signpost::crypto
