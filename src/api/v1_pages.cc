// SPDX-License-Identifier: Apache-2.0
//
// /v1/organizations/{org}/pages: what search engines are told of.
#include <algorithm>
#include <boost/json.hpp>

#include "api/desk.h"
#include "api/json_output.h"
#include "api/pages.h"
#include "api/surfaces.h"
#include "base/text.h"
#include "net/url.h"

namespace signpost::api {
namespace {

namespace json = boost::json;
using Answer = Task<Result<net::Response>>;

Result<std::vector<std::string>> paths_of(const ObjectReader& object, std::string_view name) {
  std::vector<std::string> paths;
  const auto texts = TRY(object.texts(name, model::kPagesMax, {.bytes_max = net::Url::bytes_max}));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    paths.push_back(TRY(at_member(services::parse_page_path(texts[i]), format("{}[{}]", object.path_of(name), i))));
  }
  return paths;
}

Result<std::vector<services::PageUpload::OfKind>> kinds_of(const ObjectReader& object) {
  std::vector<services::PageUpload::OfKind> kinds;
  for (const auto kind : model::kPageKinds) {
    if (object.has(model::name_of(kind))) kinds.push_back({kind, TRY(paths_of(object, model::name_of(kind)))});
  }
  return kinds;
}

Result<std::vector<std::pair<std::string, std::string>>> hashes_of(const ObjectReader& body) {
  std::vector<std::pair<std::string, std::string>> hashes;
  const auto object = TRY(body.optional_object("page_hashes"));
  if (!object) return hashes;
  for (const auto& name : object->names()) {
    const auto member = object->path_of(name);
    auto hash = TRY(object->text(name, {.bytes_max = model::kPageHashBytesMax}));
    if (!std::ranges::all_of(hash, [](char c) { return c > ' ' && c <= '~'; })) {
      return fail(Kind::kUnprocessable, format("{} must be visible ASCII characters", printable(member, 200)), member);
    }
    hashes.emplace_back(TRY(at_member(services::parse_page_path(name), member)), std::move(hash));
  }
  return hashes;
}

Result<services::PageUpload> upload_of(const ObjectReader& body) {
  TRY_VOID(body.only({"application", "core", "qa", "boosted", "add", "remove", "page_hashes"}));
  services::PageUpload upload;
  upload.replaced = TRY(kinds_of(body));
  if (body.has("remove")) upload.removed = TRY(paths_of(body, "remove"));
  if (const auto add = TRY(body.optional_object("add"))) {
    TRY_VOID(add->only({"core", "qa", "boosted"}));
    upload.added = TRY(kinds_of(*add));
  }
  upload.hashes = TRY(hashes_of(body));
  return upload;
}

Answer put_pages(Desk& desk, Exchange& exchange) {
  const auto body = CO_TRY(JsonBody::read(exchange.request));
  auto upload = CO_TRY(upload_of(body.object()));
  const auto application = CO_TRY(application_of(exchange, CO_TRY(body.object().optional_text("application"))));
  const auto change = CO_TRY(co_await desk.parts.pages.upload(application, exchange.captures.at(0), std::move(upload)));
  json::object object{{"organization", exchange.captures.at(0)}};
  for (const auto kind : model::kPageKinds) {
    const auto name = model::name_of(kind);
    object[json::string_view(name.data(), name.size())] = change.of_kind[static_cast<std::size_t>(kind)];
  }
  object["added"] = change.added;
  object["changed"] = change.changed;
  object["removed"] = change.removed;
  co_return json_response(200, json::serialize(object));
}

Answer list_pages(Desk& desk, Exchange& exchange) {
  CO_TRY_VOID(exchange.query.only({"application", "cursor", "limit"}));
  const auto application = CO_TRY(application_of(exchange, exchange.query.find("application")));
  const auto request = CO_TRY(page_from<model::PageId>(exchange.query));
  const auto page = CO_TRY(co_await desk.parts.pages.list(application, exchange.captures.at(0), request));
  co_return json_response(200, page_json(page.items, next_cursor_of(page)));
}

}  // namespace

std::vector<Route> v1_page_routes() {
  return {
      {"PUT", "/v1/organizations/{org}/pages", "putPages", Surface::kV1, Access::kKey, put_pages, kUrlsBodyBytesMax},
      {"GET", "/v1/organizations/{org}/pages", "listPages", Surface::kV1, Access::kKey, list_pages},
  };
}

}  // namespace signpost::api
