// SPDX-License-Identifier: Apache-2.0
//
// The AWS of the tests (tests/aws/server.py) as a child of the test program, on loopback.
// One per test program, started on first use, ended at its end (or when the program dies); one thread. reset() between
// tests: nothing of the one before is left but the time, which never goes back.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/time.h"
#include "cloud/aws_caller.h"
#include "net/http_client.h"

namespace signpost::cloud::testing {

class AwsServer {
 public:
  static AwsServer& shared();
  ~AwsServer();
  AwsServer(const AwsServer&) = delete;
  AwsServer& operator=(const AwsServer&) = delete;

  /// "http://127.0.0.1:4711"
  const std::string& url() const { return url_; }
  /// The settings of a client, towards this server and with pauses of milliseconds.
  AwsCaller::Settings pointed_here(AwsCaller::Settings settings) const;
  /// Says a word to the server's control ("advance") and gives its answer; both JSON. Throws if the server refuses.
  std::string control(std::string_view word, std::string_view json = "{}");
  /// An empty AWS; its time now.
  Time reset();

 private:
  AwsServer();
  pid_t child_ = -1;
  std::string url_;
  net::HttpClient http_;
};

}  // namespace signpost::cloud::testing
