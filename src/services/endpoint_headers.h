// SPDX-License-Identifier: Apache-2.0
//
// The headers that an operator adds to every request for an endpoint: which names are free, and how values are kept.
// Pure functions; any thread. A value may be a secret: it is sealed at once, opened for the attempt alone, and shown to
// nobody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/sealed.h"
#include "model/application.h"
#include "net/http_message.h"

namespace signpost::services {

constexpr std::size_t kHeaderNameBytesMax = 100;
constexpr std::size_t kHeaderValueBytesMax = 1024;

/// Names that HTTP or Signpost writes itself, and whatever begins with Content-, Entri-, Webhook- or Signpost-, are
/// refused, also a name twice and values that are not visible ASCII with blanks inside. kUnprocessable with the member
/// `headers.NAME`; the message never repeats a value.
Result<std::vector<model::EndpointHeader>> sealed_headers(const std::vector<net::Header>& headers, EndpointId endpoint,
                                                          const crypto::MasterKey& master_key);

/// kUnprocessable if one does not open: another master key.
Result<std::vector<net::Header>> opened_headers(const model::Endpoint& endpoint, const crypto::MasterKey& master_key);

}  // namespace signpost::services
