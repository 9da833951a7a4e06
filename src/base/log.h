// SPDX-License-Identifier: Apache-2.0
//
// Structured logs: a message and fields; text for a terminal, one JSON object a line otherwise. The door to spdlog.
// Set up once by app/main; any thread. A field never holds a secret: host names and ids are fine, tokens and bodies are
// not.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace signpost::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kAuto, kText, kJson };  // kAuto: text if stderr is a terminal

/// Where and how; before any thread is started. Logs go to stderr.
void start(Level level, Format format);

class Field {
 public:
  Field(std::string_view key, std::string_view value) : key_(key), text_(value) {}
  Field(std::string_view key, const char* value) : key_(key), text_(value) {}
  Field(std::string_view key, const std::string& value) : key_(key), text_(value) {}
  Field(std::string_view key, bool value) : key_(key), text_(value ? "true" : "false"), is_bare_(true) {}
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view key, Number value) : key_(key), text_(std::to_string(value)), is_bare_(true) {}
  std::string_view key() const { return key_; }
  std::string_view text() const { return text_; }
  bool is_bare() const { return is_bare_; }  // a number or truth value: no quotes in JSON

 private:
  std::string_view key_;
  std::string text_;
  bool is_bare_ = false;
};
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view message, Fields fields);
/// Whether `write` would, for who has to work for the fields.
bool is_written(Level level);
inline void debug(std::string_view message, Fields fields = {}) { write(Level::kDebug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::kInfo, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::kWarn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::kError, message, fields); }

}  // namespace signpost::log
