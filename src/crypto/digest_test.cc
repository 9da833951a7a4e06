// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "base/text.h"

namespace signpost::crypto {
namespace {

using namespace std::literals;

TEST(Sha256, HasTheVectorsOfFips180) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfPartsIsThatOfTheWhole) {
  EXPECT_EQ(sha256_joined({"a", "", "bc"}), sha256("abc"));
  EXPECT_EQ(sha256_joined({}), sha256(""));
}

TEST(Sha256, IsTheSameInEveryThread) {
  const auto expected = sha256("abc");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&expected] {
      for (int k = 0; k < 500; ++k) EXPECT_EQ(sha256("abc"), expected);
    });
  }
}

TEST(Hmac, HasTheVectorsOfRfc4231) {
  const std::string twenty(20, '\x0b');
  EXPECT_EQ(to_hex(hmac_sha256(twenty, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(
      to_hex(hmac_sha256(*from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'))),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      to_hex(hmac_sha256(std::string(131, '\xaa'),
                         "This is a test using a larger than block-size key and a larger than block-size data. The key "
                         "needs to be hashed before being used by the HMAC algorithm.")),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(Hmac, OfAnEmptyKeyDoesNotUseTheKeyOfBefore) {
  const auto expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(to_hex(hmac_sha256("", "")), expected);
  (void)hmac_sha256("another key", "text");
  EXPECT_EQ(to_hex(hmac_sha256({}, {})), expected);
}

TEST(Hmac, OfPartsIsThatOfTheWhole) { EXPECT_EQ(hmac_sha256_joined("k", {"a", "", "bc"}), hmac_sha256("k", "abc")); }

TEST(Hkdf, HasTheVectorsOfRfc5869) {
  const std::string twenty_two(22, '\x0b');
  EXPECT_EQ(
      to_hex(hkdf_sha256(twenty_two, *from_hex("000102030405060708090a0b0c"), *from_hex("f0f1f2f3f4f5f6f7f8f9"), 42)),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(hkdf_sha256(twenty_two, "", "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, YieldsUpTo255Blocks) {
  EXPECT_EQ(hkdf_sha256("k", "s", "i", 8160).size(), 8160U);
  EXPECT_THROW(hkdf_sha256("k", "s", "i", 8161), std::invalid_argument);
}

}  // namespace
}  // namespace signpost::crypto
