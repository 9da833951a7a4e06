// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/openapi.yaml: the description of everything here, for people and generators.
#include "api/desk.h"
#include "api/openapi_document.h"
#include "api/surfaces.h"

namespace signpost::api {
namespace {

Task<Result<net::Response>> get_openapi(Desk&, Exchange&) {
  net::Response response;
  response.body = kOpenapiDocument;
  response.set("Content-Type", "application/yaml");  // RFC 9512
  co_return response;
}

}  // namespace

std::vector<Route> openapi_routes() {
  return {{"GET", "/v1/openapi.yaml", "getOpenapi", Surface::kV1, Access::kPublic, get_openapi}};
}

}  // namespace signpost::api
