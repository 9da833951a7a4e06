// SPDX-License-Identifier: Apache-2.0
//
// The tokens of `POST /token`, as integrations written for Entri fetch them: 60 minutes, one application, one purpose.
// Owned by app/wiring; immutable, any thread. The clock outlives it.
// HS256 under a key derived from the master key: every node verifies what another has minted, nothing is stored.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/sealed.h"

namespace signpost::services {

class Tokens {
 public:
  static constexpr std::chrono::minutes kLifetime{60};
  Tokens(const crypto::MasterKey& master_key, const Clock& clock);

  /// Claims: iss "signpost", aud the application's id, purpose "api", iat, exp.
  std::string mint(ApplicationId application) const;
  /// kUnauthenticated with a sentence for a token that is not ours, was changed or has ended.
  Result<ApplicationId> verify(std::string_view token) const;

 private:
  crypto::Secret key_;
  const Clock& clock_;
};

}  // namespace signpost::services
