// SPDX-License-Identifier: Apache-2.0
#include "app/acme_zone.h"

#include "app/secret_file.h"
#include "base/text.h"

namespace signpost::app {
dns::Zone served_zone(const Settings::Dns& settings) { return {*settings.acme_zone, settings.acme_zone_name_servers}; }

Result<dns::ZoneWriter::Settings> writer_settings(const Settings::Dns& settings) {
  dns::ZoneWriter::Settings writer{.zone = *settings.acme_zone, .server = *settings.acme_zone_server};
  if (!settings.acme_zone_key_name) return writer;
  const auto secret = TRY(read_secret_file(settings.acme_zone_key_file, "dns.acme_zone_key_file", "the key's secret"));
  auto key = dns::make_tsig_key(*settings.acme_zone_key_name, settings.acme_zone_key_algorithm, secret.expose());
  if (!key) return fail(key.error().kind, format("\"dns.acme_zone_key_file\": {}", key.error().message));
  writer.key = *std::move(key);
  return writer;
}

Result<std::unique_ptr<AcmeZone>> AcmeZone::open(const Settings::Dns& settings, services::Storage& storage,
                                                 const Clock& clock) {
  std::unique_ptr<AcmeZone> zone;
  if (!settings.acme_zone) return zone;
  zone.reset(new AcmeZone);
  if (settings.acme_zone_server) {
    zone->written_.emplace(TRY(writer_settings(settings)));
    zone->swept_.emplace(*zone->written_, storage, clock);
  } else {
    zone->stored_.emplace(*settings.acme_zone, storage, clock);
  }
  return zone;
}

void AcmeZone::start(net::TaskGroup& tasks) {
  if (stored_) stored_->start(tasks);
  if (swept_) swept_->start(tasks);
}

}  // namespace signpost::app
