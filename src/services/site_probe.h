// SPDX-License-Identifier: Apache-2.0
//
// Asks whether a file of a connected host answers with what it shall: the key file of IndexNow.
// Owned by app/wiring, one per loop; that loop only; the sender outlives it. Strangers answer: only vetted addresses
// are asked, no redirect is followed, bytes and time are bounded by the sender and the budget.
#pragma once

#include <string>
#include <string_view>

#include "net/post_sender.h"
#include "net/task.h"

namespace signpost::services {

struct FileSight {
  enum class What {
    kThere,   // it holds the text, and nothing else but blanks around it
    kOther,   // it answers otherwise, or not at all; `detail` says how
    kUnseen,  // not asked: this machine has too much under way
  };
  What what = What::kUnseen;
  std::string detail;  // a sentence with the way out; empty if it is there
};

/// What sees files of hosts; a fake in tests.
class SiteEye {
 public:
  virtual ~SiteEye() = default;
  /// `url` is the text of a net::Url. Ends within its budget.
  virtual Task<FileSight> look(std::string url, std::string wanted) = 0;
};

/// What one answer says of the file.
FileSight sight_of(std::string_view url, std::string_view wanted, const net::PostOutcome& outcome);

class SiteProbe final : public SiteEye {
 public:
  struct Settings {
    Milliseconds budget{5'000};
    std::string user_agent;
  };
  SiteProbe(net::PostSender& sender, Settings settings) : sender_(sender), settings_(std::move(settings)) {}

  Task<FileSight> look(std::string url, std::string wanted) override;

 private:
  net::PostSender& sender_;
  const Settings settings_;
};

}  // namespace signpost::services
