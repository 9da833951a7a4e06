// SPDX-License-Identifier: Apache-2.0
#include "acme/nonces.h"

#include <utility>

namespace signpost::acme {

void Nonces::keep(std::string nonce) {
  kept_.with([&](auto& kept) {
    kept.push_back(std::move(nonce));
    if (kept.size() > kept_max) kept.pop_front();
  });
}

std::string Nonces::take() {
  return kept_.with([](auto& kept) {
    std::string youngest;
    if (!kept.empty()) {
      youngest = std::move(kept.back());
      kept.pop_back();
    }
    return youngest;
  });
}

}  // namespace signpost::acme
