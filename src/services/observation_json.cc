// SPDX-License-Identifier: Apache-2.0
#include "services/observation_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>

#include "base/text.h"

namespace signpost::services {
namespace {

namespace json = boost::json;

constexpr std::string_view kFingerprintMember = "\"fingerprint\":\"";
constexpr std::size_t kFingerprintDigits = 16;

// FNV-1a, 64 bits: it only has to tell one look from the next, nobody gains by a collision.
class Fingerprint {
 public:
  void add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0xFF);  // never part of UTF-8: "ab","c" differs from "a","bc"
  }
  std::string text() const { return format("{:016x}", hash_); }

 private:
  void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001B3ULL; }
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  array.reserve(texts.size());
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

json::array to_array(const std::vector<dns::ServerAnswer>& answers) {
  json::array array;
  array.reserve(answers.size());
  for (const auto& answer : answers) {
    array.push_back(json::object{{"server", answer.server},
                                 {"address", answer.address},
                                 {"verdict", dns::name_of(answer.verdict)},
                                 {"values", to_array(answer.values)},
                                 {"ttl", answer.ttl},
                                 {"took_ms", answer.took_ms},
                                 {"note", answer.note}});
  }
  return array;
}

json::array to_array(const std::vector<dns::Finding>& findings, Time began) {
  json::array array;
  array.reserve(findings.size());
  for (const auto& finding : findings) {
    json::array evidence;
    for (const auto& one : finding.evidence) {
      evidence.push_back(json::object{{"server", one.server},
                                      {"address", one.address},
                                      {"said", one.said},
                                      {"at", to_rfc3339(began + Milliseconds(one.at_ms))}});
    }
    array.push_back(json::object{{"code", dns::name_of(finding.cause)},
                                 {"weight", dns::name_of(finding.weight)},
                                 {"text", finding.text},
                                 {"fix", finding.fix},
                                 {"evidence", std::move(evidence)}});
  }
  return array;
}

json::object to_object(const dns::RecordObservation& record, Time began) {
  return {{"name", record.name.text()},
          {"type", name_of(record.type)},
          {"expected", record.expected},
          {"zone", record.zone},
          {"propagated", record.propagated},
          {"cause", record.cause},
          {"explanation", record.explanation},
          {"causes", to_array(record.causes, began)},
          {"authorities", to_array(record.authorities)},
          {"resolvers", to_array(record.resolvers)}};
}

// Servers answer in any order; values of a set too.
void add_answers(Fingerprint& fingerprint, const std::vector<dns::ServerAnswer>& answers) {
  std::vector<std::string> lines;
  lines.reserve(answers.size());
  for (const auto& answer : answers) {
    auto values = answer.values;
    std::ranges::sort(values);
    lines.push_back(
        format("{}|{}|{}|{}", answer.server, answer.address, dns::name_of(answer.verdict), fmt::join(values, ",")));
  }
  std::ranges::sort(lines);
  for (const auto& line : lines) fingerprint.add(line);
  fingerprint.add("");
}

}  // namespace

std::string to_json(const dns::Observation& observation, Time ended) {
  const Time began = ended - Milliseconds(observation.took_ms);
  json::array records;
  records.reserve(observation.records.size());
  for (const auto& record : observation.records) records.push_back(to_object(record, began));
  return json::serialize(json::object{{"took_ms", observation.took_ms},
                                      {"propagated", observation.all_propagated()},
                                      {"fingerprint", fingerprint_of(observation)},
                                      {"records", std::move(records)}});
}

std::string fingerprint_of(const dns::Observation& observation) {
  Fingerprint fingerprint;
  for (const auto& record : observation.records) {
    fingerprint.add(record.name.text());
    fingerprint.add(name_of(record.type));
    fingerprint.add(record.expected);
    fingerprint.add(record.zone);
    fingerprint.add(record.propagated ? "propagated" : "not");
    for (const auto& finding : record.causes) {
      fingerprint.add(dns::name_of(finding.cause));
      // How long a cache still keeps the old answer differs at every look.
      if (finding.cause == dns::Cause::kCachesOld) continue;
      fingerprint.add(finding.text);
      fingerprint.add(finding.fix);
    }
    fingerprint.add("");
    add_answers(fingerprint, record.authorities);
    add_answers(fingerprint, record.resolvers);
  }
  return fingerprint.text();
}

std::optional<std::string_view> fingerprint_in(std::string_view text) {
  // It stands before the records, so no text from DNS can stand before it.
  const auto at = text.find(kFingerprintMember);
  if (at == std::string_view::npos || at > text.find("\"records\"")) return std::nullopt;
  const auto digits = text.substr(at + kFingerprintMember.size(), kFingerprintDigits);
  const bool is_hex =
      std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (digits.size() != kFingerprintDigits || !is_hex) return std::nullopt;
  return digits;
}

}  // namespace signpost::services
