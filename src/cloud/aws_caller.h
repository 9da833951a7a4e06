// SPDX-License-Identifier: Apache-2.0
//
// One signed call to one AWS service, tried again while AWS says "not now".
// Owned by the client of the service; any loop, any thread; http and credentials outlive it.
// Ends by the deadline. A call that AWS may already have done is tried again only if the caller says that twice is as
// good as once. Throttling is waited out with growing, random pauses; Retry-After only ever lengthens one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cloud/aws_credentials.h"
#include "cloud/aws_error.h"
#include "crypto/random.h"
#include "net/http_client.h"
#include "net/task.h"

namespace signpost::cloud {

struct AwsRequest {
  enum class Again { kNever, kAsOften };  // kAsOften: doing it twice is as good as doing it once
  std::string method = "GET";
  std::string target = "/";  // path and query
  std::vector<net::Header> headers;
  std::string body;
  Again again = Again::kAsOften;
  std::string action;  // for errors: "importing a certificate for www.shop.example"
};

class AwsCaller {
 public:
  struct Settings {
    std::string endpoint;  // "https://acm.us-east-1.amazonaws.com", no path
    std::string region{"us-east-1"};
    std::string service;                // "acm"
    Milliseconds call_timeout{20'000};  // of one try
    Milliseconds pause_first{500};      // before the second try: half of it to all of it, doubled each time
    Milliseconds pause_max{20'000};
    std::size_t answer_bytes_max = 1024 * 1024;
  };
  /// Says what an answer of 300 or more means: AWS's code and message out of it.
  struct Fault {
    std::string code;
    std::string message;
  };
  using ReadFault = Fault (*)(const net::HttpReply& reply);

  AwsCaller(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random, Settings settings,
            ReadFault read_fault)
      : http_(http),
        credentials_(credentials),
        random_(random),
        settings_(std::move(settings)),
        read_fault_(read_fault) {}

  /// An answer below 300, else what went wrong.
  Task<AwsResult<net::HttpReply>> call(AwsRequest request, net::Deadline deadline);

 private:
  Task<AwsResult<net::HttpReply>> once(AwsRequest request, net::Deadline deadline);
  net::HttpClient& http_;
  AwsCredentialSource& credentials_;
  crypto::Random& random_;
  const Settings settings_;
  const ReadFault read_fault_;
};

}  // namespace signpost::cloud
