// SPDX-License-Identifier: Apache-2.0
#include "services/webhook_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "services/testing/webhook_vectors.h"

namespace signpost::services {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFlowId = "1234567890-abcdefg-1234567890";
constexpr std::string_view kTimestamp = "1800000000";
const std::string kSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";  // the octets 0 to 31
const std::string kOtherSecret = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=";
constexpr std::string_view kEventId = "evt_0000000000001";
const std::string kBody =
    R"({"id":"1234567890-abcdefg-1234567890","type":"domain.added","event_id":"evt_0000000000001"})";
constexpr Time kSignedAt = from_ms(1'800'000'000'987);

std::vector<net::Header> signed_with(const std::string& secret, const EndpointOptions& options = {}) {
  return sign(options, {secret, {secret}}, kFlowId, kEventId, kBody, kSignedAt);
}

void replace(std::vector<net::Header>& headers, std::string_view name, std::string value) {
  for (auto& header : headers) {
    if (equals_ignoring_case(header.name, name)) header.value = std::move(value);
  }
}

void remove(std::vector<net::Header>& headers, std::string_view name) {
  std::erase_if(headers, [&](const net::Header& header) { return equals_ignoring_case(header.name, name); });
}

/// The sentences of what was found wrong with this part.
std::string wrong(const Verification& verification, std::string_view part) {
  std::string all;
  for (const auto& finding : verification.findings) {
    if (!finding.ok && finding.part == part) all += finding.sentence + "\n";
  }
  return all;
}

/// All parts that were found wrong.
std::string wrong_parts(const Verification& verification) {
  std::string all;
  for (const auto& finding : verification.findings) {
    if (!finding.ok) all += (all.empty() ? "" : " ") + finding.part;
  }
  return all;
}

constexpr AcceptedForms kV2Only{.standard = false};

TEST(SignatureRecipe, AgreesWithConstantsOfPythonsHashlib) {
  EXPECT_EQ(signature_v1(kFlowId, kSecret), "973d1a985f4c5131e7744575dd1445cb84d796fe7501d5e664c5f8ccd0cc71d5");
  EXPECT_EQ(signature_v2(kFlowId, kTimestamp, kSecret),
            "8c978045250e9bb4764fc203d78023fd9264bf1668cf9764bf04652e21ff4b28");
  EXPECT_EQ(signature_v2_hmac(kFlowId, kTimestamp, kSecret),
            "a0e54738940ecc3335bcdf78c8c3f739bf9c48f9da2382d8d8015b9c7c970f32");
  EXPECT_EQ(signature_v1_of_body("{}", kSecret), "6c10765fccc3e53e4e49b5dfcd01fe70b14e12e685bc3b4c3059cef2dcfca22f");
}

TEST(SignatureRecipe, AgreesWithTheVectorThatStandardWebhooksPublishes) {
  EXPECT_EQ(signature_standard("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})",
                               "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(SignatureRecipe, AgreesWithTheSharedVectors) {
  for (const auto& vector : testing::read_webhook_vectors().recipes) {
    EXPECT_EQ(signature_v1(vector.id, vector.secret), vector.v1);
    EXPECT_EQ(signature_v1_of_body(vector.body, vector.secret), vector.v1_of_body);
    EXPECT_EQ(signature_v2(vector.id, vector.timestamp, vector.secret), vector.v2);
    EXPECT_EQ(signature_v2_hmac(vector.id, vector.timestamp, vector.secret), vector.v2_hmac);
    EXPECT_EQ(signature_standard(vector.event_id, vector.timestamp, vector.body, vector.secret), vector.standard);
  }
}

TEST(Sign, MakesTheHeadersOfTheSharedDeliveries) {
  for (const auto& vector : testing::read_webhook_vectors().deliveries) {
    const EndpointOptions options{vector.v1 != "off", vector.v1 == "body", vector.v2 == "hmac"};
    const auto signed_at =
        from_ms(parse_integer(net::header_of(vector.headers, "Entri-Timestamp")).value() * 1000 + 999);
    const auto headers = sign(options, {vector.secret, vector.live_newest_first}, kFlowId,
                              net::header_of(vector.headers, "webhook-id"), vector.body, signed_at);
    auto wanted = vector.headers;
    remove(wanted, "Content-Type");  // the courier's
    EXPECT_EQ(headers, wanted) << vector.name;
  }
}

TEST(Sign, LeavesV1OutWhereTheEndpointTurnsItOff) {
  EXPECT_FALSE(net::has_header(signed_with(kSecret, {.sends_v1 = false}), "Entri-Signature"));
}

TEST(Verify, AcceptsTheSharedDeliveriesInTheirForms) {
  for (const auto& vector : testing::read_webhook_vectors().deliveries) {
    const auto both = verify(vector.headers, vector.body, {vector.secret}, vector.now);
    EXPECT_TRUE(both.ok) << vector.name;
    EXPECT_EQ(both.accepted_form, "standard");
    AcceptedForms entri_only{.v2 = vector.v2 == "sha256", .v2_hmac = vector.v2 == "hmac", .standard = false};
    EXPECT_EQ(verify(vector.headers, vector.body, {vector.secret}, vector.now, entri_only).accepted_form,
              vector.v2 == "hmac" ? "v2_hmac" : "v2");
  }
}

TEST(Verify, AcceptsThePublishedVectorThoughItsBodyHasNoId) {
  const std::vector<net::Header> headers{
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  const auto verification = verify(headers, R"({"test": 2432232314})", {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                                   from_ms(1'614'265'330'000));
  EXPECT_TRUE(verification.ok);
  EXPECT_EQ(verification.id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
  EXPECT_EQ(verification.timestamp, "1614265330");
}

TEST(Verify, ReadsHeaderNamesInAnyCase) {
  auto headers = signed_with(kSecret);
  for (auto& header : headers) header.name = to_lower(header.name);
  EXPECT_TRUE(verify(headers, kBody, {kSecret}, kSignedAt).ok);
}

TEST(Verify, NamesTheSecretIfNoSignatureAgrees) {
  const auto standard = verify(signed_with(kSecret), kBody, {kOtherSecret}, kSignedAt);
  EXPECT_FALSE(standard.ok);
  EXPECT_EQ(wrong_parts(standard), "secret");
  EXPECT_EQ(wrong_parts(verify(signed_with(kSecret), kBody, {kOtherSecret}, kSignedAt, kV2Only)), "secret");
}

TEST(Verify, NoSentenceHoldsASecretOrAnExpectedSignature) {
  for (const auto& finding : verify(signed_with(kSecret), kBody, {kOtherSecret}, kSignedAt).findings) {
    EXPECT_EQ(finding.sentence.find(kOtherSecret), std::string::npos);
    EXPECT_EQ(finding.sentence.find(signature_v2(kFlowId, kTimestamp, kOtherSecret)), std::string::npos);
  }
}

TEST(Verify, NamesBlanksAroundAPastedSecret) {
  EXPECT_THAT(wrong(verify(signed_with(kSecret), kBody, {kSecret + "\n"}, kSignedAt), "secret"), HasSubstr("line end"));
}

TEST(Verify, SaysThatASecretIsMissing) {
  const auto verification = verify(signed_with(kSecret), kBody, {}, kSignedAt);
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(wrong_parts(verification), "secret");
}

TEST(Verify, RefusesASecretThatEverybodyKnows) {
  for (const std::string secret : {"", "whsec_", "whsec_AAAA"}) {
    for (const auto& accepted : {AcceptedForms{}, kV2Only}) {
      const auto verification = verify(signed_with(secret), kBody, {kSecret, secret}, kSignedAt, accepted);
      EXPECT_FALSE(verification.ok);
      EXPECT_EQ(wrong_parts(verification), "secret");
    }
  }
}

TEST(Verify, NamesTheBodyIfStandardWebhooksFailsAndV2Agrees) {
  const auto spaced =
      R"({"id": "1234567890-abcdefg-1234567890", "type": "domain.added", "event_id": "evt_0000000000001"})";
  const auto verification = verify(signed_with(kSecret), spaced, {kSecret}, kSignedAt);
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(wrong_parts(verification), "body");
  EXPECT_THAT(wrong(verification, "body"), HasSubstr("re-serialised"));
}

TEST(Verify, V2AloneCannotSeeAChangedBody) {
  EXPECT_TRUE(
      verify(signed_with(kSecret), R"({"id":"1234567890-abcdefg-1234567890"})", {kSecret}, kSignedAt, kV2Only).ok);
}

TEST(Verify, TakesTheWindowOfFiveMinutesToTheSecond) {
  const auto headers = signed_with(kSecret);
  const auto base = from_ms(1'800'000'000'000);
  EXPECT_TRUE(verify(headers, kBody, {kSecret}, base + std::chrono::seconds(300)).ok);
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, base + std::chrono::seconds(301)), "timestamp"),
              HasSubstr("stale: 301 s"));
  EXPECT_TRUE(verify(headers, kBody, {kSecret}, base - std::chrono::seconds(60)).ok);
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, base - std::chrono::seconds(61)), "timestamp"),
              HasSubstr("61 s in the future"));
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, base + std::chrono::seconds(301), kV2Only), "timestamp"),
              HasSubstr("stale"));
}

TEST(Verify, NamesATimestampThatWasChangedAfterSigning) {
  auto headers = signed_with(kSecret);
  replace(headers, "webhook-timestamp", "1800000001");
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt), "timestamp"),
              HasSubstr("webhook-timestamp was changed"));
  headers = signed_with(kSecret);
  replace(headers, "Entri-Timestamp", "1800000001");
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt, kV2Only), "timestamp"),
              HasSubstr("Entri-Timestamp was changed"));
}

TEST(Verify, NamesATimestampThatIsNone) {
  for (const auto* bad :
       {"soon", "-5", "1800000000.5", "0x6b49d200", "1800000000000", " 1800000000", "99999999999999999999"}) {
    auto headers = signed_with(kSecret);
    replace(headers, "webhook-timestamp", bad);
    EXPECT_FALSE(verify(headers, kBody, {kSecret}, kSignedAt).ok);
    EXPECT_EQ(wrong_parts(verify(headers, kBody, {kSecret}, kSignedAt)), "timestamp") << bad;
  }
}

TEST(Verify, NamesAWebhookIdThatWasChanged) {
  auto headers = signed_with(kSecret);
  replace(headers, "webhook-id", "evt_0000000000009");
  const auto verification = verify(headers, kBody, {kSecret}, kSignedAt);
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(wrong_parts(verification), "id");
}

TEST(Verify, NamesAMissingIdOfTheBody) {
  const auto verification = verify(signed_with(kSecret), R"({"ID":"x"})", {kSecret}, kSignedAt, kV2Only);
  EXPECT_FALSE(verification.ok);
  EXPECT_EQ(wrong_parts(verification), "id");
  EXPECT_EQ(wrong_parts(verify(signed_with(kSecret), "not JSON", {kSecret}, kSignedAt, kV2Only)), "body");
}

TEST(Verify, TakesAnIdWithACapital) {
  const std::string body = R"({"Id":"1234567890-abcdefg-1234567890"})";
  EXPECT_TRUE(
      verify(sign({}, {kSecret, {kSecret}}, kFlowId, kEventId, body, kSignedAt), body, {kSecret}, kSignedAt, kV2Only)
          .ok);
}

TEST(Verify, NamesMissingHeaders) {
  auto headers = signed_with(kSecret);
  remove(headers, "webhook-id");
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt), "headers"), HasSubstr("webhook-id is missing"));
  headers = signed_with(kSecret);
  remove(headers, "Entri-Timestamp");
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt, kV2Only), "headers"),
              HasSubstr("Entri-Timestamp is missing"));
  EXPECT_THAT(wrong(verify({}, kBody, {kSecret}, kSignedAt), "headers"),
              HasSubstr("webhook-signature, Entri-Signature-V2"));
}

TEST(Verify, RefusesAHeaderThatIsThereTwice) {
  auto headers = signed_with(kSecret);
  headers.push_back({"webhook-signature", "v1,AAAA"});
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt), "headers"), HasSubstr("more than once"));
}

TEST(Verify, NamesMalformedSignatures) {
  for (const auto* bad :
       {"garbage", "v1", "v1,", "v1,!!!!", "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,AAAA", ","}) {
    auto headers = signed_with(kSecret);
    replace(headers, "webhook-signature", bad);
    EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt), "headers"), HasSubstr("malformed")) << bad;
  }
  for (const auto* bad : {"abc", "zz", "v1,AAAA"}) {
    auto headers = signed_with(kSecret);
    replace(headers, "Entri-Signature-V2", bad);
    EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt, kV2Only), "headers"), HasSubstr("malformed")) << bad;
  }
}

TEST(Verify, NamesADamagedV2WhereStandardWebhooksVerifies) {
  auto headers = signed_with(kSecret);
  replace(headers, "Entri-Signature-V2", std::string(64, 'a'));
  EXPECT_EQ(wrong_parts(verify(headers, kBody, {kSecret}, kSignedAt, kV2Only)), "signature");
}

TEST(Verify, NamesTheHmacRecipeWhereOnlyTheOtherIsAccepted) {
  const auto headers = signed_with(kSecret, {.v2_is_hmac = true});
  EXPECT_THAT(wrong(verify(headers, kBody, {kSecret}, kSignedAt, kV2Only), "signature"), HasSubstr("v2_hmac"));
  EXPECT_EQ(
      verify(headers, kBody, {kSecret}, kSignedAt, {.v2 = true, .v2_hmac = true, .standard = false}).accepted_form,
      "v2_hmac");
}

TEST(Verify, NeverAcceptsV1Silently) {
  auto headers = signed_with(kSecret);
  for (const auto* name : {"Entri-Signature-V2", "webhook-signature"}) remove(headers, name);
  const auto verification = verify(headers, kBody, {kSecret}, kSignedAt);
  EXPECT_FALSE(verification.ok);
  EXPECT_THAT(wrong(verification, "headers"), HasSubstr("V1 is not accepted"));
  EXPECT_EQ(verify(headers, kBody, {kSecret}, kSignedAt, {.v1 = true}).accepted_form, "v1");
}

TEST(Verify, AcceptsV1OfTheBodyWhereItIsNamed) {
  const auto headers = signed_with(kSecret, {.v1_covers_body = true});
  const AcceptedForms body_form{.v2 = false, .standard = false, .v1_of_body = true};
  EXPECT_EQ(verify(headers, kBody, {kSecret}, kSignedAt, body_form).accepted_form, "v1_of_body");
  EXPECT_EQ(wrong_parts(verify(headers, kBody + " ", {kSecret}, kSignedAt, body_form)), "body");
}

TEST(Verify, AWrongStrongFormIsNotSavedByARightWeakOne) {
  auto headers = signed_with(kOtherSecret);
  const auto good = signed_with(kSecret);
  replace(headers, "Entri-Signature-V2", std::string(net::header_of(good, "Entri-Signature-V2")));
  EXPECT_FALSE(verify(headers, kBody, {kSecret}, kSignedAt).ok);
}

TEST(Verify, SaysThatNothingIsAccepted) {
  EXPECT_THAT(
      wrong(verify(signed_with(kSecret), kBody, {kSecret}, kSignedAt, {.v2 = false, .standard = false}), "headers"),
      HasSubstr("name at least one"));
}

TEST(Rotation, BothSecretsVerifyDuringTheOverlap) {
  const auto headers = sign({}, {kSecret, {kOtherSecret, kSecret}}, kFlowId, kEventId, kBody, kSignedAt);
  EXPECT_TRUE(verify(headers, kBody, {kSecret}, kSignedAt).ok);
  const auto with_new = verify(headers, kBody, {kOtherSecret}, kSignedAt);
  EXPECT_TRUE(with_new.ok);
  EXPECT_THAT(with_new.findings.back().sentence, HasSubstr("overlap"));
}

TEST(Rotation, TheEntriHeadersHoldOneSecretSoThatAReceiverTriesBoth) {
  const auto headers = sign({}, {kSecret, {kOtherSecret, kSecret}}, kFlowId, kEventId, kBody, kSignedAt);
  EXPECT_FALSE(verify(headers, kBody, {kOtherSecret}, kSignedAt, kV2Only).ok);
  EXPECT_TRUE(verify(headers, kBody, {kOtherSecret, kSecret}, kSignedAt, kV2Only).ok);
}

}  // namespace
}  // namespace signpost::services
