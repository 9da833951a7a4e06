// SPDX-License-Identifier: Apache-2.0
//
// What a test of the clients needs: an empty AWS, a clock that goes with its own, credentials, a loop.
// Base of test fixtures; the test's thread. What the test asks for is done by the time its call returns.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/testing/fake_clock.h"
#include "base/text.h"
#include "cloud/acm.h"
#include "cloud/cloudfront.h"
#include "cloud/testing/aws_server.h"
#include "net/testing/run_task.h"

namespace signpost::cloud::testing {

/// The same credentials always; remembers who was refused.
class FixedCredentials final : public AwsCredentialSource {
 public:
  explicit FixedCredentials(std::string key = "AKIAOURS", std::string secret = "our+secret/key")
      : given_{std::move(key), crypto::Secret(std::move(secret)), {}, {}} {}
  Task<AwsResult<AwsCredentials>> credentials() override {
    ++asked;
    co_return given_;
  }
  void refused(std::string access_key_id) override { refused_key = std::move(access_key_id); }
  int asked = 0;
  std::string refused_key;

 private:
  AwsCredentials given_;
};

class AwsWorld : public ::testing::Test {
 protected:
  AwsWorld() : server_(AwsServer::shared()), clock_(server_.reset()) {}

  template <typename T>
  T run(Task<T> task) {
    // Asio wants answers that can be made of nothing; a Distribution cannot.
    std::optional<T> answer;
    net::testing::run_task(loop_, keep(std::move(task), &answer));
    return *std::move(answer);
  }
  /// Time passes, at AWS and with us.
  void pass(Milliseconds length) {
    clock_.advance(length);
    server_.control("advance", format(R"({{"seconds": {}}})", static_cast<double>(length.count()) / 1000));
  }
  /// The next `times` answers of an operation are this fault.
  void fail_next(std::string_view operation, std::string_view code, int times = 1, int status = 400,
                 std::string_view message = "as planned") {
    boost::json::object fault{{"operation", operation}, {"code", code},       {"times", times},
                              {"status", status},       {"message", message}, {"strange", true}};
    boost::json::object body{{"faults", boost::json::array{std::move(fault)}}};
    server_.control("faults", boost::json::serialize(body));
  }
  boost::json::value state() { return boost::json::parse(server_.control("state")); }
  /// How often an operation was called.
  int calls(std::string_view operation) {
    int count = 0;
    const auto all = state();
    for (const auto& entry : all.at("log").as_array()) count += entry.at("operation").as_string() == operation ? 1 : 0;
    return count;
  }
  /// A certificate for a host, with chain and key, valid from now.
  AcmImport certificate_for(std::string_view host, int days = 90, std::string_view key = "EC_prime256v1") {
    const auto made = boost::json::parse(server_.control(
        "certificate", boost::json::serialize(boost::json::object{{"host", host}, {"days", days}, {"key", key}})));
    return {.certificate = std::string(made.at("certificate").as_string()),
            .chain = std::string(made.at("chain").as_string()),
            .private_key = crypto::Secret(std::string(made.at("key").as_string())),
            .arn = {},
            .tags = {}};
  }
  template <typename T>
  static Task<int> keep(Task<T> task, std::optional<T>* answer) {
    answer->emplace(co_await std::move(task));
    co_return 0;
  }
  static net::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }
  static HostName host(std::string_view text) { return HostName::parse(text).value(); }

  AwsServer& server_;
  signpost::testing::FakeClock clock_;
  net::Loop loop_{1};
  net::HttpClient http_;
  crypto::SystemRandom random_;
  FixedCredentials credentials_;
};

}  // namespace signpost::cloud::testing
