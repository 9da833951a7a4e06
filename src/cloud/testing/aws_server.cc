// SPDX-License-Identifier: Apache-2.0
#include "cloud/testing/aws_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"

namespace signpost::cloud::testing {
namespace {

constexpr const char* kPython = "/usr/bin/python3";  // the interpreter that sees Debian's python3-* packages
constexpr const char* kProgram = "tests/aws/server.py";
constexpr int kStartMaxMs = 60'000;
constexpr std::string_view kReady = "aws listens on ";

/// What the child says up to the end of its first line.
std::string first_line(int from) {
  std::string line;
  while (!line.ends_with('\n')) {
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    char octet = 0;
    if (::poll(&waiting, 1, kStartMaxMs) <= 0 || ::read(from, &octet, 1) <= 0) return "";
    line += octet;
  }
  return std::string(trim(line));
}

}  // namespace

AwsServer& AwsServer::shared() {
  static AwsServer server;
  return server;
}

AwsServer::AwsServer() {
  if (!std::filesystem::exists(kProgram))
    throw std::runtime_error(format("{} is missing: run the tests from the repository's root", kProgram));
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe can be made");
  child_ = ::fork();
  if (child_ == 0) {
    // Between fork and exec only what is safe there: other threads may hold any lock.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], 1);
    ::close(ends[0]);
    ::close(ends[1]);
    char* const arguments[] = {const_cast<char*>(kPython), const_cast<char*>("-B"), const_cast<char*>(kProgram),
                               nullptr};
    ::execv(kPython, arguments);
    ::_exit(127);
  }
  ::close(ends[1]);
  const auto line = first_line(ends[0]);
  ::close(ends[0]);
  if (!line.starts_with(kReady))
    throw std::runtime_error(
        "tests/aws/server.py does not start: are the packages of packaging/debian-packages.txt there?");
  url_ = line.substr(kReady.size());
}

AwsServer::~AwsServer() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);  // it holds nothing that would have to be put in order
  ::waitpid(child_, nullptr, 0);
}

AwsCaller::Settings AwsServer::pointed_here(AwsCaller::Settings settings) const {
  settings.endpoint = url_;
  settings.pause_first = Milliseconds(2);
  settings.pause_max = Milliseconds(10);
  return settings;
}

std::string AwsServer::control(std::string_view word, std::string_view json) {
  net::HttpCall call{.method = "POST", .url = format("{}/_test/{}", url_, word), .body = std::string(json)};
  const auto reply = http_.call_blocking(call);
  if (!reply) throw std::runtime_error(reply.error().message);
  if (reply->status != 200)
    throw std::runtime_error(format("the AWS of the tests refuses {} {}: {}", word, json, reply->body));
  return reply->body;
}

Time AwsServer::reset() {
  const auto answer = boost::json::parse(control("reset"));
  return from_ms(std::llround(answer.at("now").as_double() * 1000));
}

}  // namespace signpost::cloud::testing
