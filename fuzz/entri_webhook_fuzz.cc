// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the body of a webhook of the hosted Entri: what is read from it is bounded valid text without U+0000;
// the signature's reader and ours agree on what is JSON, and a body that was signed verifies.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/received_json.h"
#include "base/text.h"
#include "services/webhook_signature.h"

namespace {

using namespace signpost;

constexpr Time kNow = from_ms(1'800'000'000'000);
const std::string kSecret = "0123456789abcdef0123456789abcdef";

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void expect_text(const std::string& text) {
  expect(text.size() <= api::kReceivedTextBytesMax && is_valid_utf8(text) && !text.contains('\0'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const webhooks::detail::BodyIds ids(body);
  if (const auto webhook = api::read_received(body)) {
    expect(ids.is_object() && !webhook->type.empty());
    for (const auto& text :
         {webhook->type, webhook->domain, webhook->subdomain, webhook->user_id, webhook->setup_type, webhook->provider})
      expect_text(text);
    for (const auto& job_id : webhook->job_ids) expect_text(job_id);
    expect(webhook->job_ids.size() <= 4);
  }
  const std::string id = ids.id().empty() ? "none" : ids.id();
  const std::vector<net::Header> headers{{"Entri-Timestamp", "1800000000"},
                                         {"Entri-Signature-V2", services::signature_v2(id, "1800000000", kSecret)}};
  const auto verification = services::verify(headers, body, {kSecret}, kNow, {.standard = false});
  expect(verification.ok == !ids.id().empty());
  expect(verification.ok == !verification.replay_key.empty());
  return 0;
}
