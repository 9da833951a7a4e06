// SPDX-License-Identifier: Apache-2.0
//
// A customer's webhook endpoint on loopback: notes what arrives and answers as the test says.
// Owned by the test; the answer function runs on the receiver's own threads. It ends when its senders have closed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "net/testing/scripted_server.h"

namespace signpost::services::testing {

struct ReceivedWebhook {
  std::string path;
  std::vector<net::Header> headers;
  std::string body;
  std::string_view header(std::string_view name) const { return net::header_of(headers, name); }
};

class WebhookReceiver {
 public:
  /// The raw response to webhook `number` (from 0); empty: silence until the sender closes.
  using Answer = std::function<std::string(const ReceivedWebhook& webhook, std::size_t number)>;
  explicit WebhookReceiver(Answer answer);

  std::string url(std::string_view path = "/hook") const;
  std::vector<ReceivedWebhook> received() const;
  /// Returns once so many have arrived; throws after 10 s.
  void wait_for(std::size_t count) const;

 private:
  void serve(net::testing::RawPeer& peer);

  Answer answer_;
  mutable std::mutex mutex_;  // of received_; beside it because of the condition
  mutable std::condition_variable arrived_;
  std::vector<ReceivedWebhook> received_;
  net::testing::ScriptedServer server_;  // last: its threads use the others
};

/// "HTTP/1.1 500 …" with the fields (each ended by CRLF) and an empty body, or the given one.
std::string raw_response(int status, std::string_view fields = {}, std::string_view body = {});

/// Answers every webhook with this status.
WebhookReceiver::Answer always(int status);

}  // namespace signpost::services::testing
