// SPDX-License-Identifier: Apache-2.0
//
// How certificates look on /v1, as openapi.yaml describes them. Private keys are never shown.
// Pure; any thread. Members are always there; what is not known is null. Times are RFC 3339 in UTC.
#pragma once

#include <string>

#include "model/certificate.h"

namespace signpost::api {

/// A certificate as it stands at a moment.
struct CertificateView {
  model::Certificate certificate;
  Time now{};
};
std::string to_json(const CertificateView& view);

}  // namespace signpost::api
