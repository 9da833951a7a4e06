// SPDX-License-Identifier: Apache-2.0
//
// The ACME zone as the settings have it: served by this process, or written to another server.
// Owned by app/wiring, or by a command; storage and clock outlive it.
#pragma once

#include <memory>
#include <optional>

#include "app/settings.h"
#include "base/clock.h"
#include "dns/zone_writer.h"
#include "services/challenge_zone.h"
#include "services/swept_challenge_zone.h"

namespace signpost::app {

/// What the server of this process tells about the zone; its settings have a zone.
dns::Zone served_zone(const Settings::Dns& settings);

/// How the zone's own server is written to. kNotFound, kForbidden, kUnprocessable for a key file that cannot be used.
Result<dns::ZoneWriter::Settings> writer_settings(const Settings::Dns& settings);

class AcmeZone {
 public:
  /// Nothing if the settings have no zone.
  static Result<std::unique_ptr<AcmeZone>> open(const Settings::Dns& settings, services::Storage& storage,
                                                const Clock& clock);

  services::ChallengeZone& zone() { return stored_ ? static_cast<services::ChallengeZone&>(*stored_) : *swept_; }
  /// Null if another server has the zone.
  services::StoredChallengeZone* stored() { return stored_ ? &*stored_ : nullptr; }
  /// What keeps it in order, until the group is stopped.
  void start(net::TaskGroup& tasks);

 private:
  AcmeZone() = default;
  std::optional<services::StoredChallengeZone> stored_;
  std::optional<services::WrittenChallengeZone> written_;
  std::optional<services::SweptChallengeZone> swept_;  // of the written one
};

}  // namespace signpost::app
