// SPDX-License-Identifier: Apache-2.0
//
// `signpost connect` and `signpost watch`: a connection created, and followed until it has propagated.
// Functions of the main thread, over the API of a running server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/api_client.h"
#include "app/console.h"

namespace signpost::app {

/// One `--record`: 'CNAME www app.saas.example', 'MX @ 10 mail.saas.example', 'TXT @ "v=spf1 -all"'.
struct RecordWish {
  std::string type;
  std::string host;
  std::string value;
  std::optional<std::uint16_t> priority;
};
/// kUnprocessable with the form that is wanted. The server checks the rest.
Result<RecordWish> parse_record_wish(std::string_view text);

struct ConnectOptions {
  ApiOptions api;
  std::string host;
  std::string organization;
  std::string application;  // empty: the key's own
  std::string user_id;      // empty: none
  std::vector<RecordWish> records;
  enum class Flow { kReported, kLeftOpen } flow = Flow::kReported;  // whether its end is reported at once
  enum class Then { kReturn, kWatch } then = Then::kReturn;
  OutputForm form = OutputForm::kText;
};

struct WatchOptions {
  ApiOptions api;
  std::string id;
  std::optional<Milliseconds> at_most;  // then it fails
};

/// Creates the connection, says which records the customer adds, and reports the flow as ended (setup_type manual), so
/// that the watching and the webhooks begin; unless that is left to somebody else.
Result<Exit> connect(Console& console, const ConnectOptions& options);

/// kOk once it has propagated, kFailed if it never will (72 h, claim lost), was deleted, or the wait is over.
Result<Exit> watch(Console& console, const WatchOptions& options);

}  // namespace signpost::app
