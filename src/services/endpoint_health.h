// SPDX-License-Identifier: Apache-2.0
//
// What the end of an attempt means for its endpoint and for the people behind it: a run of failures begins or ends, the
// endpoint is disabled, somebody has to be told. Plain functions over the transaction that saves the attempt; any
// thread. They write only when something changes: while all goes well, or goes on failing, nothing.
#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "model/application.h"
#include "store/tx.h"

namespace signpost::services {

/// One attempt, as far as its endpoint is concerned. Attempts that were broken off or never sent say nothing about it.
struct EndpointNews {
  enum class Answer {
    kTaken,    // 2xx
    kFailed,   // anything else that the receiver or the way to it did
    kGone,     // 410
    kNothing,  // it was not asked
  };
  ApplicationId application;
  EndpointId endpoint;
  Answer answer = Answer::kNothing;
  std::optional<Time> failing_since;   // as the claim read it
  bool has_failed_since = false;       // since the claim read that, as far as the courier knows
  std::optional<DeliveryId> given_up;  // the delivery, if that was its last attempt
  std::string detail;                  // the sentence of the attempt, if it failed
  bool wants_no_more = false;          // it said so in the header Webhook-Delivery, whatever the answer
  Time at{};                           // when it ended
};

/// In the transaction that saves the attempt. An endpoint that is disabled leaves a line in the audit log, and a notice
/// for its people; so does a delivery that was given up.
Result<void> note(store::Tx& tx, const EndpointNews& news, IdMaker& ids);

}  // namespace signpost::services
