// SPDX-License-Identifier: Apache-2.0
#include "app/acme_zone.h"

#include <fstream>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

/// One line, readable for its owner alone.
Result<std::string> read_key(const std::filesystem::path& file) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error || !std::filesystem::is_regular_file(status)) {
    return fail(Kind::kNotFound, format("\"dns.acme_zone_key_file\" {} is not there, or no file", file.string()));
  }
  if ((status.permissions() & (perms::group_all | perms::others_all)) != perms::none) {
    return fail(Kind::kForbidden,
                format("\"dns.acme_zone_key_file\" {} may be read by others: chmod 600 it", file.string()));
  }
  std::string text(kKeyBytesMax + 1, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad() || text.size() > kKeyBytesMax) {
    return fail(Kind::kUnprocessable,
                format("\"dns.acme_zone_key_file\" {} must hold one line, the key's secret", file.string()));
  }
  return text;
}

}  // namespace

dns::Zone served_zone(const Settings::Dns& settings) { return {*settings.acme_zone, settings.acme_zone_name_servers}; }

Result<dns::ZoneWriter::Settings> writer_settings(const Settings::Dns& settings) {
  dns::ZoneWriter::Settings writer{.zone = *settings.acme_zone, .server = *settings.acme_zone_server};
  if (!settings.acme_zone_key_name) return writer;
  const auto secret = TRY(read_key(settings.acme_zone_key_file));
  auto key = dns::make_tsig_key(*settings.acme_zone_key_name, settings.acme_zone_key_algorithm, secret);
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
  } else {
    zone->stored_.emplace(*settings.acme_zone, storage, clock);
  }
  return zone;
}

}  // namespace signpost::app
