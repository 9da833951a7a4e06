// SPDX-License-Identifier: Apache-2.0
#include "app/answered_json.h"

#include <boost/json.hpp>

#include "base/text.h"

namespace signpost::app {
namespace {

namespace json = boost::json;

const json::value* member_of(const json::object& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}

const json::array& array_of(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* member = member_of(object, name);
  return member != nullptr && member->is_array() ? member->as_array() : kNone;
}

}  // namespace

Result<AnsweredObject> AnsweredObject::parse(std::string_view text) {
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) {
    return fail(Kind::kProtocol, "the server's answer is not what a signpost answers: is another program there?");
  }
  return AnsweredObject(std::make_shared<const json::object>(std::move(value.as_object())));
}

std::string AnsweredObject::text(std::string_view name, std::size_t bytes_max) const {
  const auto* member = member_of(*object_, name);
  if (member == nullptr || member->is_null()) return "";
  return printable(member->is_string() ? std::string(member->as_string()) : json::serialize(*member), bytes_max);
}

std::optional<Time> AnsweredObject::time(std::string_view name) const {
  const auto time = parse_rfc3339(text(name));
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<AnsweredObject> AnsweredObject::object(std::string_view name) const {
  const auto* member = member_of(*object_, name);
  if (member == nullptr || !member->is_object()) return std::nullopt;
  return AnsweredObject(std::shared_ptr<const json::object>(object_, &member->as_object()));
}

std::vector<AnsweredObject> AnsweredObject::objects(std::string_view name) const {
  std::vector<AnsweredObject> found;
  for (const auto& item : array_of(*object_, name)) {
    if (item.is_object()) found.push_back(AnsweredObject({object_, &item.as_object()}));
  }
  return found;
}

std::vector<std::string> AnsweredObject::texts(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& item : array_of(*object_, name)) {
    if (item.is_string()) found.push_back(printable(std::string_view(item.as_string()), text_bytes_max));
  }
  return found;
}

std::string target_of(std::string path, const Parameters& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    path += format("{}{}={}", std::exchange(separator, '&'), name, percent_encoded(value));
  }
  return path;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    encoded += is_plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace signpost::app
