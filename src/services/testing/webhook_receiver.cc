// SPDX-License-Identifier: Apache-2.0
#include "services/testing/webhook_receiver.h"

#include <chrono>
#include <stdexcept>

#include "base/text.h"

namespace signpost::services::testing {
namespace {

ReceivedWebhook parse(std::string_view message) {
  ReceivedWebhook webhook;
  const auto head_end = message.find("\r\n\r\n");
  webhook.body = message.substr(head_end + 4);
  const auto lines = split(message.substr(0, head_end), '\n');
  webhook.path = std::string(split(lines.front(), ' ').at(1));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    webhook.headers.push_back({std::string(lines[i].substr(0, colon)), std::string(trim(lines[i].substr(colon + 1)))});
  }
  return webhook;
}

}  // namespace

WebhookReceiver::WebhookReceiver(Answer answer)
    : answer_(std::move(answer)), server_([this](net::testing::RawPeer& peer, int) { serve(peer); }) {}

void WebhookReceiver::serve(net::testing::RawPeer& peer) {
  while (true) {
    const auto message = peer.read_message();
    if (message.find("\r\n\r\n") == std::string::npos) return;
    const auto webhook = parse(message);
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = received_.size();
      received_.push_back(webhook);
      arrived_.notify_all();
    }
    const auto response = answer_(webhook, number);
    if (response.empty()) {
      peer.read_to_end();
      return;
    }
    if (!peer.send(response)) return;
  }
}

std::string WebhookReceiver::url(std::string_view path) const {
  return format("http://127.0.0.1:{}{}", server_.port(), path);
}

std::vector<ReceivedWebhook> WebhookReceiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

void WebhookReceiver::wait_for(std::size_t count) const {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return received_.size() >= count; })) {
    throw std::runtime_error(format("{} webhooks were expected, {} have come", count, received_.size()));
  }
}

std::string raw_response(int status, std::string_view fields, std::string_view body) {
  return format("HTTP/1.1 {} {}\r\n{}Content-Length: {}\r\n\r\n{}", status, net::reason_of(status), fields, body.size(),
                body);
}

WebhookReceiver::Answer always(int status) {
  return [status](const ReceivedWebhook&, std::size_t) { return raw_response(status); };
}

}  // namespace signpost::services::testing
