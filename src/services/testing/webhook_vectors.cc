// SPDX-License-Identifier: Apache-2.0
#include "services/testing/webhook_vectors.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace signpost::services::testing {
namespace {

namespace json = boost::json;

std::string text(const json::value& from, const char* name) { return std::string(from.at(name).as_string()); }

RecipeVector recipe_of(const json::value& from) {
  return {text(from, "secret"),  text(from, "id"),      text(from, "event_id"),   text(from, "timestamp"),
          text(from, "body"),    text(from, "v1"),      text(from, "v1_of_body"), text(from, "v2"),
          text(from, "v2_hmac"), text(from, "standard")};
}

DeliveryVector delivery_of(const json::value& from) {
  DeliveryVector vector{text(from, "name"), text(from, "secret"), {}, text(from, "v1"), text(from, "v2"), {}, {},
                        text(from, "body")};
  for (const auto& secret : from.at("live_newest_first").as_array())
    vector.live_newest_first.emplace_back(secret.as_string());
  vector.now = from_ms(from.at("now").as_int64() * 1000);
  for (const auto& header : from.at("headers").as_array()) {
    vector.headers.push_back(
        {std::string(header.as_array()[0].as_string()), std::string(header.as_array()[1].as_string())});
  }
  return vector;
}

}  // namespace

WebhookVectors read_webhook_vectors() {
  std::ifstream file("tests/vectors/webhooks.json", std::ios::binary);
  if (!file) throw std::runtime_error("tests/vectors/webhooks.json is not there: run tests in the source folder");
  const auto all = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  WebhookVectors vectors;
  for (const auto& one : all.at("recipes").as_array()) vectors.recipes.push_back(recipe_of(one));
  for (const auto& one : all.at("deliveries").as_array()) vectors.deliveries.push_back(delivery_of(one));
  return vectors;
}

}  // namespace signpost::services::testing
