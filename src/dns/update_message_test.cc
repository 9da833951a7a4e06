// SPDX-License-Identifier: Apache-2.0
#include "dns/update_message.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Signed answers of real servers: tests/end_to_end/acme_zone_test.py.

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
const DnsName kZone = name("acme.example");
constexpr std::string_view kSecret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0";
constexpr Time kNow = from_ms(1'800'000'000'000);

TsigKey key() { return make_tsig_key(name("signpost"), TsigAlgorithm::kHmacSha256, kSecret).value(); }
TextUpdate adding(std::string value = "v") { return {TextUpdate::Act::kAdd, name("a.acme.example"), std::move(value)}; }

std::string octets(std::string_view hex) {
  std::string dense;
  std::copy_if(hex.begin(), hex.end(), std::back_inserter(dense), [](char c) { return c != ' '; });
  return from_hex(dense).value();
}

TEST(EncodeUpdate, AddsARecordWithItsClassAndTtl) {
  const auto update = encode_update(kZone, adding(), 1, 0x1234, {});
  ASSERT_TRUE(update) << update.error().message;
  EXPECT_EQ(to_hex(update->octets), to_hex(octets("1234 2800 0001 0000 0001 0000"
                                                  "04 61636d65 07 6578616d706c65 00 0006 0001"
                                                  "01 61 c00c 0010 0001 00000001 0002 01 76")));
}

TEST(EncodeUpdate, DeletesExactlyOneRecord) {
  const auto update = encode_update(kZone, {TextUpdate::Act::kRemove, name("a.acme.example"), "v"}, 1, 0x1234, {});
  ASSERT_TRUE(update);
  EXPECT_THAT(to_hex(update->octets), HasSubstr(to_hex(octets("01 61 c00c 0010 00fe 00000000 0002 01 76"))));
}

TEST(EncodeUpdate, IsSignedWithTheKey) {
  const auto plain = encode_update(kZone, adding(), 1, 7, {});
  const auto signed_one = encode_update(kZone, adding(), 1, 7, key());
  ASSERT_TRUE(signed_one) << signed_one.error().message;
  EXPECT_GT(signed_one->octets.size(), plain->octets.size() + 32);
  EXPECT_EQ(signed_one->mac.size(), 34U) << "its length and 32 octets";
  EXPECT_THAT(signed_one->octets, HasSubstr(std::string("\x0bhmac-sha256")));
  EXPECT_THAT(signed_one->octets, Not(HasSubstr(std::string(kSecret))));
  auto longer = key();
  longer.algorithm = TsigAlgorithm::kHmacSha512;
  EXPECT_EQ(encode_update(kZone, adding(), 1, 7, longer)->mac.size(), 66U);
}

TEST(EncodeUpdate, TakesOneStringAsItIs) {
  EXPECT_FALSE(encode_update(kZone, adding(""), 1, 7, {}));
  EXPECT_FALSE(encode_update(kZone, adding(std::string(256, 'x')), 1, 7, {}));
  const auto odd = encode_update(kZone, adding("a\"\\;\x01 ä"), 1, 7, {});
  ASSERT_TRUE(odd);
  EXPECT_THAT(odd->octets, HasSubstr("a\"\\;\x01 ä"));
  EXPECT_TRUE(encode_update(kZone, adding(std::string(255, 'x')), 1, 7, {}));
}

TEST(TsigKey, NeedsASecretOfReasonableLengthAndNeverShowsIt) {
  for (const std::string_view bad : {"", "short", "not base64 at all!", "c2hvcnQ="}) {
    const auto made = make_tsig_key(name("k"), TsigAlgorithm::kHmacSha256, bad);
    ASSERT_FALSE(made);
    if (!bad.empty()) EXPECT_THAT(made.error().message, Not(HasSubstr(std::string(bad))));
  }
  EXPECT_TRUE(make_tsig_key(name("k"), TsigAlgorithm::kHmacSha256, to_base64(std::string(512, 'k'))));
  EXPECT_FALSE(make_tsig_key(name("k"), TsigAlgorithm::kHmacSha256, to_base64(std::string(513, 'k'))));
  EXPECT_TRUE(make_tsig_key(name("k"), TsigAlgorithm::kHmacSha256, std::string(kSecret) + "\n"));
}

class UpdateAnswer : public ::testing::Test {
 protected:
  Result<void> read(std::string_view hex, std::optional<TsigKey> with = {}) {
    return read_update_answer(octets(hex), update, kZone, with, "192.0.2.53:53", kNow);
  }
  /// An answer with this code and a TSIG record that has no signature.
  static std::string unsigned_with(int code, int error) {
    return format(
        "1234 a80{:x} 0000 0000 0000 0001"
        "08 7369676e706f7374 00 00fa 00ff 00000000 001d 0b 686d61632d736861323536 00"
        "00006553f100 012c 0000 1234 {:04x} 0000",
        code, error);
  }
  SignedUpdate update{.octets = {}, .id = 0x1234, .mac = std::string("\0\2ab", 4)};
};

TEST_F(UpdateAnswer, WithoutAKeySaysThatItWasDone) { EXPECT_TRUE(read("1234 a800 0000 0000 0000 0000")); }

TEST_F(UpdateAnswer, ThatIsNotSignedIsNotBelieved) {
  const auto answer = read("1234 a800 0000 0000 0000 0000", key());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::kProtocol);
  EXPECT_THAT(answer.error().message, HasSubstr("signature"));
}

TEST_F(UpdateAnswer, ToSomethingElseIsNone) {
  for (const auto* other : {"", "1234", "9999 a800 0000 0000 0000 0000", "1234 2800 0000 0000 0000 0000",
                            "1234 8000 0000 0000 0000 0000", "1234 a800 0001 0000 0000 0000"}) {
    const auto answer = read(other);
    ASSERT_FALSE(answer) << other;
    EXPECT_EQ(answer.error().kind, Kind::kProtocol) << other;
  }
}

TEST_F(UpdateAnswer, ThatRefusesSaysWhyAndTheWayOut) {
  const auto of = [&](int code) { return read(format("1234 a80{:x} 0000 0000 0000 0000", code)).error(); };
  EXPECT_THAT(of(5).message, HasSubstr("update-policy"));
  EXPECT_EQ(of(5).kind, Kind::kForbidden);
  EXPECT_THAT(of(9).message, HasSubstr("not the primary"));
  EXPECT_THAT(of(4).message, HasSubstr("does not know dynamic updates"));
  EXPECT_THAT(of(10).message, HasSubstr("NOTZONE"));
  EXPECT_EQ(of(2).kind, Kind::kUnavailable);
  EXPECT_EQ(of(1).kind, Kind::kProtocol);
}

TEST_F(UpdateAnswer, ThatDoesNotTakeTheKeySaysWhy) {
  const auto of = [&](int error) { return read(unsigned_with(9, error), key()).error(); };
  EXPECT_THAT(of(17).message, HasSubstr("BADKEY"));
  EXPECT_THAT(of(16).message, HasSubstr("acme_zone_key_file"));
  EXPECT_THAT(of(18).message, HasSubstr("clocks"));
  EXPECT_EQ(of(17).kind, Kind::kForbidden);
  EXPECT_THAT(of(17).message, Not(HasSubstr(std::string(kSecret))));
}

}  // namespace
}  // namespace signpost::dns
