// SPDX-License-Identifier: Apache-2.0
#include "services/webhook_signature.h"

#include "base/text.h"
#include "crypto/digest.h"

namespace signpost::services {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

/// A secret that claims to be base64 and is not keys with its bytes, like one without the prefix.
std::string standard_key(std::string_view secret) {
  if (secret.starts_with(kSecretPrefix)) {
    if (auto key = from_base64(secret.substr(kSecretPrefix.size()))) return *std::move(key);
  }
  return std::string(secret);
}

std::string standard_list(const std::vector<std::string>& secrets, std::string_view id, std::string_view timestamp,
                          std::string_view body) {
  std::string list;
  for (const auto& secret : secrets) {
    if (!list.empty()) list += ' ';
    list += "v1,";
    list += signature_standard(id, timestamp, body, secret);
  }
  return list;
}

}  // namespace

std::string signature_v1(std::string_view flow_id, std::string_view secret) {
  return to_hex(crypto::sha256_joined({flow_id, secret}));
}

std::string signature_v1_of_body(std::string_view body, std::string_view secret) {
  return to_hex(crypto::sha256_joined({body, secret}));
}

std::string signature_v2(std::string_view flow_id, std::string_view timestamp, std::string_view secret) {
  return to_hex(crypto::sha256_joined({flow_id, timestamp, secret}));
}

std::string signature_v2_hmac(std::string_view flow_id, std::string_view timestamp, std::string_view secret) {
  return to_hex(crypto::hmac_sha256_joined(secret, {flow_id, timestamp}));
}

std::string signature_standard(std::string_view webhook_id, std::string_view timestamp, std::string_view body,
                               std::string_view secret) {
  return to_base64(crypto::hmac_sha256_joined(standard_key(secret), {webhook_id, ".", timestamp, ".", body}));
}

std::vector<net::Header> sign(const EndpointOptions& options, const SigningSecrets& secrets, std::string_view flow_id,
                              std::string_view event_id, std::string_view body, Time now) {
  const std::string timestamp = std::to_string(to_seconds(now));
  std::vector<net::Header> headers;
  headers.reserve(6);
  headers.push_back({"Entri-Timestamp", timestamp});
  headers.push_back({"Entri-Signature-V2", options.v2_is_hmac ? signature_v2_hmac(flow_id, timestamp, secrets.entri)
                                                              : signature_v2(flow_id, timestamp, secrets.entri)});
  if (options.sends_v1) {
    headers.push_back({"Entri-Signature", options.v1_covers_body ? signature_v1_of_body(body, secrets.entri)
                                                                 : signature_v1(flow_id, secrets.entri)});
  }
  headers.push_back({"webhook-id", std::string(event_id)});
  headers.push_back({"webhook-timestamp", timestamp});
  headers.push_back({"webhook-signature", standard_list(secrets.live_newest_first, event_id, timestamp, body)});
  return headers;
}

Verification verify(const std::vector<net::Header>& headers, std::string_view body,
                    const std::vector<std::string>& secrets, Time now, const AcceptedForms& accepted,
                    const Tolerance& tolerance) {
  webhooks::Headers received;
  received.reserve(headers.size());
  for (const auto& header : headers) received.emplace_back(header.name, header.value);
  return webhooks::verify(received, body, secrets, to_seconds(now), accepted, tolerance);
}

}  // namespace signpost::services
