// SPDX-License-Identifier: Apache-2.0
//
// The tables of certificates and the challenges of their orders. Free functions on a Tx.
// The database itself holds: one certificate per connection, one owner per label.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/certificate.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::certificates {

constexpr std::int32_t kChallengesMax = model::kCertificateNamesMax;

Result<void> insert(Tx& tx, const model::Certificate& certificate);

Result<std::optional<model::Certificate>> find(Tx& tx, ApplicationId application, CertificateId id);
Result<std::optional<model::Certificate>> find_across_applications(Tx& tx, CertificateId id);
Result<std::optional<model::Certificate>> find_of_connection(Tx& tx, ApplicationId application,
                                                             ConnectionId connection);

/// Saves what can change (order, what is held, times, trouble) if the saved version is still `expected_version`; the
/// new version is one more. False: somebody was first, nothing is saved.
Result<bool> update(Tx& tx, const model::Certificate& certificate, std::int64_t expected_version);

/// Of orders at the authority that wait for their challenges to be seen: with another key of the account the authority
/// wants to see something else (RFC 8555 8.1), so they are to be learned anew. Certificates are changed meanwhile by
/// it.
Result<void> forget_challenges_across_applications(Tx& tx, std::string_view authority);

/// Newest first. `ends_before`: only those that are held and end before.
struct Filter {
  std::optional<Time> ends_before;
};
Result<Page<model::Certificate>> list(Tx& tx, ApplicationId application, const Filter& filter,
                                      const PageRequest<CertificateId>& page);
Result<Page<model::Certificate>> list_across_applications(Tx& tx, const Filter& filter,
                                                          const PageRequest<CertificateId>& page);

}  // namespace signpost::store::certificates
