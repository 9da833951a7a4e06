// SPDX-License-Identifier: Apache-2.0
//
// Link headers (RFC 8288): where an authority says what belongs to an answer. Pure; any thread.
// Whatever cannot be read is skipped: an answer is not worse for a link that we do not understand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace signpost::acme {

constexpr std::size_t kLinksMax = 64;  // read of one answer

/// The targets of that relation ("alternate"), in order and as they are written: URLs or references.
std::vector<std::string> links_of(const std::vector<net::Header>& headers, std::string_view relation);

}  // namespace signpost::acme
