// SPDX-License-Identifier: Apache-2.0
//
// The shared vectors, and what is C++'s own. Run in the source folder.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <signpost/webhooks.hpp>

namespace signpost::webhooks {
namespace {

namespace json = boost::json;

std::string file_text(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) throw std::runtime_error(name + " is not there: run tests in the source folder");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

const json::value& vectors() {
  static const json::value all = json::parse(file_text("tests/vectors/webhooks.json"));
  return all;
}

std::string text(const json::value& from, const char* name) { return std::string(from.at(name).as_string()); }

Headers headers_of(const json::value& vector) {
  Headers headers;
  for (const auto& pair : vector.at("headers").as_array()) {
    headers.emplace_back(std::string(pair.as_array()[0].as_string()), std::string(pair.as_array()[1].as_string()));
  }
  return headers;
}

std::string body_of(const json::value& vector) {
  if (vector.as_object().contains("body")) return text(vector, "body");
  return detail::from_base64(text(vector, "body_base64")).value();
}

std::vector<std::string> secrets_of(const json::value& vector) {
  std::vector<std::string> secrets;
  for (const auto& secret : vector.at("secrets").as_array()) secrets.emplace_back(secret.as_string());
  return secrets;
}

AcceptedForms accepted_of(const json::value& vector) {
  AcceptedForms forms{false, false, false, false, false};
  for (const auto& name : vector.at("accept").as_array()) {
    if (name == "v2") forms.v2 = true;
    if (name == "v2_hmac") forms.v2_hmac = true;
    if (name == "standard") forms.standard = true;
    if (name == "v1") forms.v1 = true;
    if (name == "v1_of_body") forms.v1_of_body = true;
  }
  return forms;
}

Verification run(const json::value& vector) {
  return verify(headers_of(vector), body_of(vector), secrets_of(vector), vector.at("now").as_int64(),
                accepted_of(vector));
}

const json::value& named(std::string_view name) {
  for (const auto& one : vectors().at("verifications").as_array()) {
    if (one.at("name").as_string() == json::string_view(name.data(), name.size())) return one;
  }
  throw std::runtime_error("no such vector");
}

TEST(Vectors, EveryVerificationFindsWhatTheySay) {
  std::size_t genuine = 0;
  for (const auto& vector : vectors().at("verifications").as_array()) {
    SCOPED_TRACE(text(vector, "name"));
    const auto found = run(vector);
    const auto& expect = vector.at("expect");
    ASSERT_EQ(found.ok, expect.at("ok").as_bool());
    if (found.ok) {
      ++genuine;
      EXPECT_EQ(found.accepted_form, text(expect, "form"));
      EXPECT_EQ(found.id, text(expect, "id"));
      EXPECT_EQ(found.timestamp, text(expect, "timestamp"));
      EXPECT_EQ(found.replay_key, text(expect, "replay_key"));
      EXPECT_EQ(found.fault(), nullptr);
    } else {
      ASSERT_NE(found.fault(), nullptr);
      EXPECT_EQ(found.fault()->part, text(expect, "part")) << found.fault()->sentence;
      EXPECT_EQ(found.accepted_form + found.id + found.timestamp + found.replay_key, "");
      for (const auto& secret : secrets_of(vector)) {
        if (secret.empty() || secret == "whsec_") continue;
        EXPECT_EQ(found.fault()->sentence.find(secret), std::string::npos);
      }
    }
  }
  EXPECT_GE(genuine, 20U);
}

TEST(Vectors, EveryWholeDeliveryIsGenuineInBothForms) {
  for (const auto& vector : vectors().at("deliveries").as_array()) {
    const auto now = vector.at("now").as_int64();
    const auto headers = headers_of(vector);
    EXPECT_EQ(verify(headers, body_of(vector), {text(vector, "secret")}, now).accepted_form, "standard");
    AcceptedForms entri{true, true, false, false, false};
    EXPECT_EQ(verify(headers, body_of(vector), {text(vector, "secret")}, now, entri).accepted_form,
              text(vector, "v2") == "hmac" ? "v2_hmac" : "v2");
  }
}

TEST(Digests, AgreeWithTheExamplesOfFips180) {
  EXPECT_EQ(detail::hex(detail::sha256({""})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(detail::hex(detail::sha256({"a", "bc"})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(detail::hex(detail::sha256({std::string(1'000'000, 'a')})),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  for (std::size_t length = 54; length < 66; ++length) {  // around the end of a block
    const std::string whole(length, 'x');
    EXPECT_EQ(detail::sha256({whole}), detail::sha256({whole.substr(0, 7), whole.substr(7)}));
  }
}

TEST(Digests, HmacAgreesWithRfc4231) {
  EXPECT_EQ(detail::hex(detail::hmac_sha256("Jefe", {"what do ya want ", "for nothing?"})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(detail::hex(detail::hmac_sha256(std::string(131, '\xaa'),
                                            {"Test Using Larger Than Block-Size Key - Hash Key First"})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Base64, IsReadInItsOneSpelling) {
  EXPECT_EQ(detail::base64("foob"), "Zm9vYg==");
  EXPECT_EQ(detail::from_base64("Zm9vYg==").value_or(""), "foob");
  for (const auto* bad : {"Zm9vYg", "Zm9vYh==", "Zm9v=g==", "Zm9vYg=", "====", "Zm 9vYg=", "Zm9vY-=="}) {
    EXPECT_FALSE(detail::from_base64(bad)) << bad;
  }
}

TEST(BodyIds, AreReadFromStrictJsonOnly) {
  EXPECT_EQ(detail::BodyIds(
                R"( { "a" : [1, -0.5e+3, true, false, null, {"id":"deeper"}], "id" : "x\n\"\\\u00e9\ud83d\ude42" } )")
                .id(),
            "x\n\"\\\xc3\xa9\xf0\x9f\x99\x82");
  EXPECT_EQ(detail::BodyIds(R"({"\u0069d":"spelled with an escape"})").id(), "spelled with an escape");
  EXPECT_EQ(detail::BodyIds("{\"id\":\"a\x7f\xc3\xa9z\"}").id(), "a\x7f\xc3\xa9z");
  for (const auto* bad : {"",
                          "{",
                          "{}x",
                          R"({"id":"x",})",
                          R"({"id" "x"})",
                          R"({id:"x"})",
                          R"({"id":"x"} {})",
                          R"({"id":"\x"})",
                          R"({"id":"\ud800"})",
                          R"({"id":"\udc00\ud800"})",
                          "{\"id\":\"a\tb\"}",
                          R"({"a":01,"id":"x"})",
                          R"({"a":1.,"id":"x"})",
                          R"({"a":.5,"id":"x"})",
                          R"({"a":+1,"id":"x"})",
                          R"({"a":1e,"id":"x"})",
                          R"({"a":-,"id":"x"})",
                          R"({"a":tru,"id":"x"})",
                          R"({"a":[1,],"id":"x"})",
                          "{\"id\":\"\xc0\xaf\"}",
                          "{\"id\":\"\xed\xa0\x80\"}",
                          "{\"id\":\"\xf4\x90\x80\x80\"}",
                          "{\"id\":\"\xe2\x82\"}",
                          R"({"id":"\u12g4"})"}) {
    EXPECT_FALSE(detail::BodyIds(bad).is_json()) << bad;
    EXPECT_EQ(detail::BodyIds(bad).id(), "") << bad;
  }
}

TEST(BodyIds, AreReadToANestingThatTheStackBears) {
  const auto nested = [](int depth) {
    const auto arrays = static_cast<std::size_t>(depth - 1);
    return R"({"id":"x","a":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
  };
  EXPECT_EQ(detail::BodyIds(nested(kNestingMax)).id(), "x");
  EXPECT_FALSE(detail::BodyIds(nested(kNestingMax + 1)).is_json());
  EXPECT_FALSE(detail::BodyIds(std::string(1'000'000, '[')).is_json());
}

TEST(Verify, ReadsOnlySoManySecretsAndSignatures) {
  const auto& vector = named("all headers");
  std::vector<std::string> secrets(kSecretsTriedMax, "other");
  secrets.push_back(secrets_of(vector).front());
  EXPECT_FALSE(verify(headers_of(vector), body_of(vector), secrets, vector.at("now").as_int64()).ok);
  auto headers = headers_of(vector);
  std::string filler;
  for (std::size_t i = 0; i < kSignaturesReadMax; ++i) filler += "v1," + std::string(43, 'A') + "= ";
  for (auto& [name, value] : headers) {
    if (name == "webhook-signature") value = filler + value;
  }
  EXPECT_FALSE(verify(headers, body_of(vector), secrets_of(vector), vector.at("now").as_int64()).ok);
}

TEST(Replay, IsSeenForTheSameKey) {
  ReplayGuard guard;
  EXPECT_EQ(guard.note("a", 1000), ReplayGuard::Seen::kFirst);
  EXPECT_EQ(guard.note("a", 1000), ReplayGuard::Seen::kAgain);
  EXPECT_EQ(guard.note("b", 1000), ReplayGuard::Seen::kFirst);
}

TEST(Replay, KeysDifferWithIdTimestampAndBody) {
  const auto& vector = named("all headers");
  const auto base = run(vector).replay_key;
  EXPECT_NE(base, run(named("the Entri headers alone")).replay_key);  // another id: the flow's
  EXPECT_NE(base, run(named("an empty body")).replay_key);
}

TEST(Replay, IsForgottenOnlyWhenItsTimestampCannotBeFreshAnyMore) {
  ReplayGuard guard;
  guard.note("a", 1000);
  EXPECT_EQ(guard.note("a", 1360), ReplayGuard::Seen::kAgain);
  EXPECT_EQ(guard.note("a", 1361), ReplayGuard::Seen::kFirst);
}

TEST(Replay, IsRememberedForAsLongAsVerifyWouldAcceptIt) {
  const auto& vector = named("all headers");
  const auto at = 1'800'000'000;
  ReplayGuard guard;
  const Tolerance longer{std::chrono::seconds(3600), std::chrono::seconds(60)};
  const auto webhook =
      verify(headers_of(vector), body_of(vector), secrets_of(vector), at - 60, accepted_of(vector), longer);
  ASSERT_TRUE(webhook.ok);
  EXPECT_EQ(guard.note(webhook, at - 60), ReplayGuard::Seen::kFirst);
  EXPECT_TRUE(
      verify(headers_of(vector), body_of(vector), secrets_of(vector), at + 3600, accepted_of(vector), longer).ok);
  EXPECT_EQ(guard.note(webhook, at + 3600), ReplayGuard::Seen::kAgain);
  EXPECT_EQ(guard.note(webhook, at + 3601), ReplayGuard::Seen::kFirst);
}

TEST(Replay, KeepsABoundedNumberAndDropsTheOldest) {
  ReplayGuard guard(3);
  for (const auto* key : {"a", "b", "c", "d"}) guard.note(key, 1000);
  EXPECT_EQ(guard.size(), 3U);
  EXPECT_EQ(guard.note("d", 1000), ReplayGuard::Seen::kAgain);
  EXPECT_EQ(guard.note("a", 1000), ReplayGuard::Seen::kFirst);
}

TEST(Readme, HoldsTheExampleThatIsCompiled) {
  const auto readme = file_text("packages/cpp/README.md");
  const auto begin = readme.find("```cpp\n") + 7;
  const auto example = readme.substr(begin, readme.find("```\n", begin) - begin);
  const auto compiled = file_text("packages/cpp/test/readme_example.cpp");
  EXPECT_EQ(compiled.substr(compiled.find("#include")), example);
}

}  // namespace
}  // namespace signpost::webhooks
