// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority for tests, without a protocol: a root, an intermediate, and what they sign, right or wrong.
// Owned by the test or its authority; one thread at a time. Its keys are ECDSA and new each time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"
#include "base/time.h"

namespace signpost::crypto::testing {

class TestIssuer {
 public:
  /// Common names of root and intermediate: "NAME Root" and "NAME Intermediate".
  explicit TestIssuer(std::string_view name, Time now);
  ~TestIssuer();
  TestIssuer(const TestIssuer&) = delete;
  TestIssuer& operator=(const TestIssuer&) = delete;

  /// PEM of a leaf for the request's key: these names, valid in between.
  std::string issue(std::string_view request_der, const std::vector<DnsName>& names, Time not_before, Time not_after);
  std::string intermediate_pem() const;
  std::string root_pem() const;
  /// The same intermediate key certified by another root: an alternate chain.
  std::string intermediate_signed_by(const TestIssuer& other) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a request asks for.
struct RequestFacts {
  std::vector<DnsName> names;  // subjectAltName
  std::string public_key;      // DER, to compare with
};
/// kInvalid if it cannot be read, or is not signed by its own key.
Result<RequestFacts> read_request(std::string_view request_der);

/// As CertificateFacts has it; empty if this is no certificate.
std::string serial_of(std::string_view certificate_der);

}  // namespace signpost::crypto::testing
