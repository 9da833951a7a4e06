// SPDX-License-Identifier: Apache-2.0
//
// Administrative acts on a database in a temporary folder, as a command or the API does them.
// Owned by the test; its thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/testing/fake_random.h"
#include "services/applications.h"
#include "services/client_secrets.h"
#include "services/testing/webhook_world.h"

namespace signpost::services::testing {

struct Office {
  WebhookWorld world;
  crypto::testing::FakeRandom random;
  crypto::MasterKey master_key = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  net::TargetPolicy targets;

  template <typename T>
  Result<T> act(std::function<Result<T>(store::Tx&, const Administration&)> work) {
    const Administration by{master_key, random, world.ids, world.clock.now(), "test", targets};
    return world.storage.write_now<T>([&](store::Tx& tx) { return work(tx, by); });
  }
  Result<NewApplication> create(ApplicationWish wish) {
    return act<NewApplication>(
        [&](store::Tx& tx, const Administration& by) { return create_application(tx, by, wish); });
  }
  Result<NewSecret> rotate(ApplicationId id, SecretWish wish) {
    return act<NewSecret>([&](store::Tx& tx, const Administration& by) { return rotate_secret(tx, by, id, wish); });
  }
  /// Newest first.
  std::vector<AuditEntry> audit_log();
};

inline ApplicationWish named(std::string name) {
  return {.name = std::move(name), .webhook_url = {}, .cname_target = {}, .allowed_origins = {}, .identity = {}};
}

inline std::vector<AuditEntry> Office::audit_log() {
  return must(world.storage.read_now<store::Page<AuditEntry>>(
                  [](store::Tx& tx) { return list_audit_log(tx, std::nullopt, {}); }))
      .items;
}

}  // namespace signpost::services::testing
