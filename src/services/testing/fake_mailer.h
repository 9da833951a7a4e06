// SPDX-License-Identifier: Apache-2.0
//
// A mail server that takes what the test lets it take, and keeps it.
// Owned by the test; one loop.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "net/mail.h"

namespace signpost::services::testing {

class FakeMailer final : public net::Mailer {
 public:
  /// The next mail is answered with this instead of being taken.
  void refuse_next(Error error) { next_error_ = std::move(error); }
  /// Every mail is, until `recover`.
  void go_down() { is_down_ = true; }
  void recover() { is_down_ = false; }
  std::vector<net::Mail> taken;

  /// The next mail is taken, but the server does not say so.
  void answer_nothing_next() { next_doubt_ = "it did not answer"; }

  void cut() override { is_down_ = true; }
  Task<Result<net::Handover>> send(net::Mail mail) override {
    if (is_down_) co_return fail(Kind::kNetwork, "the mail server is down");
    if (next_error_) co_return std::unexpected(*std::exchange(next_error_, std::nullopt));
    taken.push_back(std::move(mail));
    co_return net::Handover{std::exchange(next_doubt_, {})};
  }

 private:
  std::optional<Error> next_error_;
  std::string next_doubt_;
  bool is_down_ = false;
};

}  // namespace signpost::services::testing
