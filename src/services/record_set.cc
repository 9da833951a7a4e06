// SPDX-License-Identifier: Apache-2.0
#include "services/record_set.h"

#include <algorithm>

#include "base/text.h"
#include "dns/txt_purpose.h"
#include "net/url.h"

namespace signpost::services {
namespace {

bool is_same(const model::Record& a, const model::Record& b) {
  return a.type == b.type && a.name == b.name && a.value == b.value && a.priority == b.priority;
}

/// Why `record` cannot stand beside `other`; empty if it can.
std::string clash(const model::Record& record, const model::Record& other) {
  if (record.name != other.name) return {};
  if (is_same(record, other))
    return format("the {} record of {} is there twice", name_of(record.type), record.name.text());
  if (record.type == RecordType::kTxt && other.type == RecordType::kTxt) {
    const auto purpose = dns::purpose_of(record.name, record.value);
    if (purpose != dns::purpose_of(other.name, other.value)) return {};
    if (purpose == dns::TxtPurpose::kSpf || purpose == dns::TxtPurpose::kDmarc) {
      return format("{} would have two {} records, of which mail servers take none: join them into one",
                    record.name.text(), purpose == dns::TxtPurpose::kSpf ? "SPF" : "DMARC");
    }
  }
  if (record.type != RecordType::kCname && other.type != RecordType::kCname) return {};
  return format("a CNAME is the only record of its name, but {} would have {} and {}: give one of them another host",
                record.name.text(), name_of(other.type), name_of(record.type));
}

/// Power's members are repeated in webhooks, not used: the URL must be one, with or without its scheme (seed 001 has
/// "www.example.com"), and nothing may end a line.
Result<void> check_for_power(const model::RecordRequest& request) {
  const auto& url = request.application_url;
  if (!url.empty()) {
    const auto parsed = net::Url::parse(url.find("://") == std::string::npos ? "https://" + url : url);
    if (!parsed) return fail(Kind::kUnprocessable, parsed.error().message, "application_url");
  }
  const auto& paths = request.power_root_path_access;
  if (!paths.empty() && url.empty()) {
    return fail(Kind::kUnprocessable, "power_root_path_access needs application_url: the paths are of that application",
                "power_root_path_access");
  }
  if (paths.size() > model::kRootPathsMax) {
    return fail(Kind::kUnprocessable, format("power_root_path_access may have at most {} items", model::kRootPathsMax),
                "power_root_path_access");
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
    const bool is_fit = !paths[i].empty() && paths[i].size() <= model::kRootPathBytesMax && is_valid_utf8(paths[i]) &&
                        std::ranges::none_of(paths[i], is_control);
    if (is_fit) continue;
    return fail(Kind::kUnprocessable,
                format("a path has 1 to {} bytes without control characters", model::kRootPathBytesMax),
                format("power_root_path_access[{}]", i));
  }
  return {};
}

/// The model knows what a type needs; what SPF, DMARC and DKIM need of a TXT is the DNS floor's to say.
Result<model::Record> expand_one(const model::RecordRequest& request, const model::RecordContext& context) {
  TRY_VOID(check_for_power(request));
  auto record = TRY(model::expand(request, context));
  if (record.type == RecordType::kTxt) TRY_VOID(dns::check_txt(record.name, record.value));
  return record;
}

}  // namespace

Result<std::vector<model::Record>> expand_all(const std::vector<model::RecordRequest>& requests,
                                              const model::RecordContext& context,
                                              const std::vector<model::Record>& known, IdMaker& ids) {
  if (requests.empty())
    return fail(Kind::kUnprocessable, "a connection needs at least one record to wait for", "records");
  if (requests.size() > model::kRecordsMax) {
    return fail(Kind::kUnprocessable,
                format("a connection has at most {} records, not {}", model::kRecordsMax, requests.size()), "records");
  }
  std::vector<model::Record> records;
  records.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto path = format("records[{}]", i);
    auto record = expand_one(requests[i], context);
    if (!record) {
      auto& error = record.error();
      error.member = error.member.empty() ? path : format("{}.{}", path, error.member);
      return std::unexpected(std::move(error));
    }
    for (const auto& other : records) {
      if (auto why = clash(*record, other); !why.empty()) return fail(Kind::kUnprocessable, std::move(why), path);
    }
    const auto before = std::ranges::find_if(known, [&](const model::Record& one) { return is_same(one, *record); });
    record->id = before == known.end() ? ids.make<RecordId>() : before->id;
    record->is_propagated = before != known.end() && before->is_propagated;
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace signpost::services
