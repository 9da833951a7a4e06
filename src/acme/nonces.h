// SPDX-License-Identifier: Apache-2.0
//
// Nonces that answers have brought and no request has used yet (RFC 8555 6.5).
// Owned by a Client; any thread, locked inside. At most kept_max; none is handed out twice.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "base/guarded.h"

namespace signpost::acme {

class Nonces {
 public:
  static constexpr std::size_t kept_max = 64;

  /// Over kept_max the oldest is thrown away.
  void keep(std::string nonce);
  /// The youngest, which the authority has had least time to forget; empty if there is none.
  std::string take();

 private:
  Guarded<std::deque<std::string>> kept_;
};

}  // namespace signpost::acme
