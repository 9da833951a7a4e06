// SPDX-License-Identifier: Apache-2.0
//
// /v1/meta: what a receiver of webhooks has to know of this Signpost, without a key.
#include "api/desk.h"
#include "api/surfaces.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

// As services/webhook_signature makes them; docs/contract.md says how each is computed.
constexpr std::string_view kForms =
    R"([{"form":"v2","headers":["Entri-Timestamp","Entri-Signature-V2"]},)"
    R"({"form":"v1","headers":["Entri-Signature"]},)"
    R"({"form":"standard","headers":["webhook-id","webhook-timestamp","webhook-signature"]}])";

std::string addresses_json(const std::vector<net::IpAddress>& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "\"" : ",\"") + address.to_string() + "\"";
  return "[" + text + "]";
}

Answer get_meta(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({}));
  co_return json_response(200,
                          format(R"({{"version":"{}","webhooks":{{"source_addresses":{},"signature_forms":{}}}}})",
                                 desk.parts.about.version, addresses_json(desk.parts.about.source_addresses), kForms));
}

}  // namespace

std::vector<Route> v1_meta_routes() {
  return {{"GET", "/v1/meta", "getMeta", Surface::kV1, Access::kPublic, get_meta}};
}

}  // namespace signpost::api
