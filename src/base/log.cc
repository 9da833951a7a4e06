// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <exception>
#include <memory>

#include "base/clock.h"
#include "base/log_line.h"

namespace signpost::log {
namespace {

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool is_json(Format format) {
  switch (format) {
    case Format::kAuto:
      return isatty(STDERR_FILENO) == 0;
    case Format::kText:
      return false;
    case Format::kJson:
      return true;
  }
  return true;
}

struct Output {
  Output() : logger("signpost", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_pattern("%v");                             // log_line.cc writes the whole line
    logger.set_error_handler([](const std::string&) {});  // a broken pipe must not become an exception or more output
  }
  spdlog::logger logger;
  bool writes_json = is_json(Format::kAuto);
};

/// Never destroyed: tasks that end last may still log.
Output& output() {
  static Output& it = *new Output;
  return it;
}

}  // namespace

void start(Level level, Format format) {
  output().writes_json = is_json(format);
  output().logger.set_level(native(level));
}

bool is_written(Level level) { return output().logger.should_log(native(level)); }

void write(Level level, std::string_view message, Fields fields) {
  try {
    auto& to = output();
    if (!is_written(level)) return;
    const auto now = SystemClock().now();
    const auto line = to.writes_json ? json_line(now, level, message, fields) : text_line(now, level, message, fields);
    to.logger.log(native(level), spdlog::string_view_t(line));
  } catch (const std::exception&) {
    // Out of memory: the line is lost, the work goes on.
  }
}

}  // namespace signpost::log
