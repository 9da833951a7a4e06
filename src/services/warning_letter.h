// SPDX-License-Identifier: Apache-2.0
//
// What the mails to members say. Pure; any thread. No secret is in them: of a URL only what stands before its query.
#pragma once

#include <string>
#include <vector>

#include "base/id.h"
#include "base/mail_address.h"
#include "net/mail.h"
#include "store/notices.h"

namespace signpost::services {

/// To whom, about which application, and when.
struct LetterHead {
  std::vector<MailAddress> to;
  ApplicationId application;
  std::string application_name;
  Time now{};
};

/// Deliveries that were given up: how many, since when, and by endpoint what failed.
net::Mail failed_letter(const LetterHead& head, const store::notices::Extent& extent,
                        const std::vector<store::notices::FailedAtEndpoint>& failed);

/// Endpoints that we disabled; at least one.
net::Mail disabled_letter(const LetterHead& head, const std::vector<store::notices::Disabled>& disabled);

}  // namespace signpost::services
