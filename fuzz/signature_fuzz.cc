// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the signature headers and the body of a received webhook: a stranger's message never verifies, one that
// we signed ourselves always does, and one changed octet of what Standard Webhooks covers ends that.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "services/webhook_signature.h"

namespace {

using namespace signpost;
using namespace signpost::services;

constexpr Time kNow = from_ms(1'800'000'000'000);
const std::vector<std::string> kSecrets{"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "a plain secret"};
constexpr AcceptedForms kAll{.v2 = true, .v2_hmac = true, .standard = true, .v1 = true, .v1_of_body = true};
constexpr std::array<std::string_view, 6> kNames{"Entri-Timestamp", "Entri-Signature-V2", "Entri-Signature",
                                                 "webhook-id",      "webhook-timestamp",  "webhook-signature"};

void expect(bool is_so) {
  if (!is_so) std::abort();
}

/// Lines become the values of the headers in turn, what follows them is the body.
void verify_strange(std::string_view text) {
  const auto whole = text;
  std::vector<net::Header> headers;
  for (const auto name : kNames) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    if (end != 0) headers.push_back({std::string(name), std::string(text.substr(0, end))});
    text.remove_prefix(end + 1);
  }
  const auto verification = verify(headers, text, kSecrets, kNow, kAll);
  expect(!verification.ok && verification.accepted_form.empty() && !verification.findings.empty());
  bool is_anything_wrong = false;
  for (const auto& finding : verification.findings) {
    is_anything_wrong |= !finding.ok;
    for (const auto& secret : kSecrets) {
      expect(whole.find(secret) != std::string_view::npos || finding.sentence.find(secret) == std::string::npos);
    }
  }
  expect(is_anything_wrong);
}

void verify_ours(std::string_view body) {
  const auto flow_id = webhooks::detail::BodyIds(body).id();
  const auto headers = sign({}, {kSecrets[1], {kSecrets[0], kSecrets[1]}}, flow_id.empty() ? "flow" : flow_id,
                            "evt_0000000000001", body, kNow);
  for (const auto& secret : kSecrets) expect(verify(headers, body, {secret}, kNow).accepted_form == "standard");
  expect(verify(headers, body, {kSecrets[1]}, kNow, {.standard = false}).ok == !flow_id.empty());
  if (body.empty()) return;
  std::string changed(body);
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  expect(!verify(headers, changed, kSecrets, kNow).ok);
  const auto key = [&](const std::string& text) {
    return verify(sign({}, {kSecrets[1], {kSecrets[1]}}, "flow", "evt_0000000000001", text, kNow), text, {kSecrets[1]},
                  kNow)
        .replay_key;
  };
  ReplayGuard guard(2);
  const auto now = to_seconds(kNow);
  expect(guard.note(key(std::string(body)), now) == ReplayGuard::Seen::kFirst);
  expect(guard.note(key(changed), now) == ReplayGuard::Seen::kFirst);
  expect(guard.note(key(std::string(body)), now) == ReplayGuard::Seen::kAgain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  verify_strange(text);
  verify_ours(text);
  return 0;
}
