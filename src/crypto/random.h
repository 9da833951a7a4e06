// SPDX-License-Identifier: Apache-2.0
//
// The door to chance, so that tests can know it beforehand.
// Owned by app/wiring (SystemRandom) or a test (testing::FakeRandom); any thread; must outlive its users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace signpost::crypto {

class Random {
 public:
  Random() = default;
  virtual ~Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  virtual void fill(std::span<std::byte> bytes) = 0;

  /// `count` raw octets.
  std::string bytes(std::size_t count);
  /// 0 … limit-1, each equally likely; 0 for a limit of 0.
  std::uint32_t below(std::uint32_t limit);
  /// RFC 9562 version 4, lower case: "1b4e28ba-2fa1-4fd2-883f-0016d3cca427".
  std::string uuid();
};

/// OpenSSL's generator, seeded by the kernel and safe over fork; fit for keys. Throws if the kernel gives no seed.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace signpost::crypto
