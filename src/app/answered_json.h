// SPDX-License-Identifier: Apache-2.0
//
// What a running server answered, as commands read it to print it, and the paths that they ask.
// Values and pure functions; the main thread. All texts come out clean of control characters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace boost::json {
class object;
}

namespace signpost::app {

class AnsweredObject {
 public:
  static constexpr std::size_t text_bytes_max = 500;

  /// kProtocol if it is no JSON object.
  static Result<AnsweredObject> parse(std::string_view json);

  /// A member as text, at most so many bytes of it, other than strings as JSON; empty if it is null or absent.
  std::string text(std::string_view name, std::size_t bytes_max = text_bytes_max) const;
  /// Nothing if it is no time.
  std::optional<Time> time(std::string_view name) const;
  /// Nothing if it is no object.
  std::optional<AnsweredObject> object(std::string_view name) const;
  /// The objects of an array.
  std::vector<AnsweredObject> objects(std::string_view name) const;
  /// The strings of an array.
  std::vector<std::string> texts(std::string_view name) const;

 private:
  explicit AnsweredObject(std::shared_ptr<const boost::json::object> object) : object_(std::move(object)) {}
  std::shared_ptr<const boost::json::object> object_;  // owns the whole answer: each part of it holds it
};

using Parameters = std::vector<std::pair<std::string_view, std::string>>;
/// The path with its query; parameters without a value are left out.
std::string target_of(std::string path, const Parameters& parameters);
std::string percent_encoded(std::string_view text);

}  // namespace signpost::app
