// SPDX-License-Identifier: Apache-2.0
#include "crypto/sealed.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace signpost::crypto {
namespace {

MasterKey key_of(char octet) { return *MasterKey::from_text(to_hex(std::string(32, octet))); }

TEST(Sealed, OpensForTheSameKeyAndRow) {
  const auto key = key_of('k');
  for (const std::string& plain : {std::string(), std::string("secret"), std::string(100'000, '\0')}) {
    const auto sealed = key.seal(plain, "sec_1");
    EXPECT_EQ(sealed.size(), plain.size() + 29);
    EXPECT_EQ(sealed[0], 1);
    const auto opened = key.unseal(sealed, "sec_1");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->expose(), plain);
  }
}

TEST(Sealed, DoesNotOpenForAnotherRowOrKey) {
  const auto sealed = key_of('k').seal("secret", "sec_1");
  for (const auto& result :
       {key_of('k').unseal(sealed, "sec_2"), key_of('k').unseal(sealed, ""), key_of('j').unseal(sealed, "sec_1")}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
  }
}

TEST(Sealed, DoesNotOpenWhenAnyBitWasChanged) {
  const auto key = key_of('k');
  const auto sealed = key.seal("secret", "row");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = sealed;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(key.unseal(changed, "row")) << at << ' ' << bit;
    }
  }
}

TEST(Sealed, DoesNotOpenWhenCutOrLengthened) {
  const auto key = key_of('k');
  const auto sealed = key.seal("secret", "row");
  for (std::size_t length = 0; length < sealed.size(); ++length)
    EXPECT_FALSE(key.unseal(sealed.substr(0, length), "row"));
  EXPECT_FALSE(key.unseal(sealed + 'x', "row"));
}

TEST(Sealed, IsNeverTheSameTwice) {
  const auto key = key_of('k');
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(key.seal("secret", "row"));
  EXPECT_EQ(seen.size(), 100U);
}

TEST(MasterKey, DerivesAKeyOfItsOwnForEveryPurpose) {
  const auto key = key_of('k');
  EXPECT_EQ(key.derive("auth token").size(), 32U);
  EXPECT_EQ(key.derive("auth token"), key_of('k').derive("auth token"));
  EXPECT_NE(key.derive("auth token"), key.derive("cursor"));
  EXPECT_NE(key.derive("auth token"), key_of('j').derive("auth token"));
}

TEST(MasterKey, IsReadFromHexAndBase64) {
  const std::string raw = *from_hex("fbfffe00112233445566778899aabbccddeefffbfffe00112233445566778899");
  const auto expected = MasterKey::from_text(to_hex(raw))->derive("x");
  EXPECT_EQ(MasterKey::from_text(to_base64(raw))->derive("x"), expected);
  EXPECT_EQ(MasterKey::from_text(to_base64url(raw))->derive("x"), expected);
  EXPECT_EQ(MasterKey::from_text("  " + to_base64(raw) + "\r\n")->derive("x"), expected);
}

TEST(MasterKey, RefusesOtherTextsWithoutRepeatingThem) {
  for (const std::string& text :
       {std::string(), std::string("hunter2"), to_hex(std::string(31, 'k')), to_base64(std::string(33, 'k')),
        to_hex(std::string(32, 'k')) + "0", std::string(32, 'k')}) {
    const auto result = MasterKey::from_text(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
    EXPECT_NE(result.error().message.find("openssl rand -base64 32"), std::string::npos);
    EXPECT_EQ(result.error().message.find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace signpost::crypto
