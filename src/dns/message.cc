// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include <ldns/ldns.h>

#include <boost/asio/ip/address.hpp>
#include <cstdlib>
#include <memory>

#include "base/caa_property.h"
#include "base/text.h"

namespace signpost::dns {

namespace {

struct Free {
  void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
  void operator()(char* text) const { std::free(text); }  // NOLINT: ldns allocates with malloc
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kUnreadableMax = 8;
constexpr std::size_t kUnreadableBytesMax = 300;

struct Cursor {
  const std::uint8_t* octets;
  std::size_t size;
  std::size_t at = kHeaderBytes;
  std::size_t kept = 0;
};

std::uint16_t number_at(std::string_view octets, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(octets[at]) << 8 |
                                    static_cast<std::uint8_t>(octets[at + 1]));
}

std::string name_text(const ldns_rdf* rdf) {
  const Owned<char> text(ldns_rdf2str(rdf));
  return text ? to_lower(text.get()) : std::string();
}

/// Nothing for names with escapes, which no expectation of ours can have.
std::optional<DnsName> name_in(const ldns_rdf* rdf) {
  if (rdf == nullptr) return std::nullopt;
  auto name = DnsName::parse(name_text(rdf));
  if (!name) return std::nullopt;
  return *std::move(name);
}

template <typename Address>
std::optional<std::string> address_text(const ldns_rdf* rdf) {
  typename Address::bytes_type bytes;
  if (ldns_rdf_size(rdf) != bytes.size()) return std::nullopt;
  std::copy_n(ldns_rdf_data(rdf), bytes.size(), bytes.begin());
  return Address(bytes).to_string();
}

std::string joined_strings(const ldns_rr* rr) {
  std::string joined;
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
    const ldns_rdf* rdf = ldns_rr_rdf(rr, i);
    if (ldns_rdf_size(rdf) < 2) continue;  // the first octet is the length
    joined.append(reinterpret_cast<const char*>(ldns_rdf_data(rdf)) + 1, ldns_rdf_size(rdf) - 1);
  }
  return joined;
}

std::optional<std::string> exchange_text(const ldns_rr* rr) {
  if (ldns_rr_rd_count(rr) != 2 || ldns_rdf_size(ldns_rr_rdf(rr, 0)) != 2) return std::nullopt;
  const auto host = name_in(ldns_rr_rdf(rr, 1));
  if (!host) return std::nullopt;
  return format("{} {}", ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)), host->text());
}

std::optional<std::string> service_text(const ldns_rr* rr) {
  if (ldns_rr_rd_count(rr) != 4) return std::nullopt;
  std::string numbers;
  for (std::size_t i = 0; i < 3; ++i) {
    if (ldns_rdf_size(ldns_rr_rdf(rr, i)) != 2) return std::nullopt;
    numbers += format("{} ", ldns_rdf2native_int16(ldns_rr_rdf(rr, i)));
  }
  const auto host = name_in(ldns_rr_rdf(rr, 3));
  return host ? std::optional(numbers + host->text()) : std::nullopt;
}

std::string_view octets_of(const ldns_rdf* rdf) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf)};
}

std::optional<std::string> property_text(const ldns_rr* rr) {
  // An empty value is no third field to ldns.
  const auto count = ldns_rr_rd_count(rr);
  if (count < 2 || count > 3 || ldns_rdf_size(ldns_rr_rdf(rr, 0)) != 1) return std::nullopt;
  auto tag = octets_of(ldns_rr_rdf(rr, 1));
  if (!tag.empty()) tag.remove_prefix(1);  // the first octet is the length
  if (!is_caa_tag(tag)) return std::nullopt;
  const auto flags = ldns_rdf2native_int8(ldns_rr_rdf(rr, 0));
  const auto value = count == 3 ? octets_of(ldns_rr_rdf(rr, 2)) : std::string_view();
  return CaaProperty{flags, to_lower(tag), std::string(value)}.text();
}

std::string authority_text(const ldns_rr* rr) {
  std::string text;
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
    auto field = name_text(ldns_rr_rdf(rr, i));
    if (i < 2 && field.size() > 1 && field.back() == '.') field.pop_back();
    text += (i == 0 ? "" : " ") + field;
  }
  return text;
}

/// A key is named by its tag and algorithm, on both sides of a delegation (RFC 4034 5.1, appendix B).
std::optional<std::string> key_text(const ldns_rr* rr, WireType type) {
  constexpr std::size_t kFieldsMin = 4;
  if (ldns_rr_rd_count(rr) < kFieldsMin) return std::nullopt;
  if (type == WireType::kDs) {
    return format("{} {}", ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)), ldns_rdf2native_int8(ldns_rr_rdf(rr, 1)));
  }
  return format("{} {}", ldns_calc_keytag(rr), ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)));
}

std::string printable_text(const ldns_rr* rr) {
  std::string text;
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) text += (i == 0 ? "" : " ") + name_text(ldns_rr_rdf(rr, i));
  if (text.ends_with('.')) text.pop_back();
  return printable(text, kUnreadableBytesMax);
}

std::optional<std::string> value_of(const ldns_rr* rr, WireType type) {
  const ldns_rdf* first = ldns_rr_rd_count(rr) > 0 ? ldns_rr_rdf(rr, 0) : nullptr;
  if (type == WireType::kTxt) return joined_strings(rr);
  if (type == WireType::kMx) return exchange_text(rr);
  if (type == WireType::kSrv) return service_text(rr);
  if (type == WireType::kCaa) return property_text(rr);
  if (type == WireType::kSoa) return authority_text(rr);
  if (type == WireType::kDs || type == WireType::kDnskey) return key_text(rr, type);
  if (type == WireType::kA || type == WireType::kAaaa) {
    if (first == nullptr) return std::nullopt;
    return type == WireType::kA ? address_text<boost::asio::ip::address_v4>(first)
                                : address_text<boost::asio::ip::address_v6>(first);
  }
  if (type == WireType::kCname || type == WireType::kNs) {
    const auto name = name_in(first);
    return name ? std::optional(name->text()) : std::nullopt;
  }
  return std::string();
}

Result<Owned<ldns_rr>> next_rr(Cursor& cursor, ldns_pkt_section section) {
  ldns_rr* raw = nullptr;
  const auto status = ldns_wire2rr(&raw, cursor.octets, cursor.size, &cursor.at, section);
  if (status != LDNS_STATUS_OK) {
    return fail(Kind::kProtocol,
                format("a DNS answer was expected, a record in it is broken: {}", ldns_get_errorstr_by_id(status)));
  }
  return Owned<ldns_rr>(raw);
}

void read_opt(const ldns_rr* rr, Answer& answer) {
  // RFC 6891 6.1.3: the upper eight bits of the response code are the first octet of the TTL.
  const auto upper = static_cast<std::uint16_t>(ldns_rr_ttl(rr) >> 24 << 4);
  answer.rcode = static_cast<Rcode>(static_cast<std::uint16_t>(answer.rcode) | upper);
}

void keep(const ldns_rr* rr, Answer& answer, std::vector<Rr>& section) {
  const auto type = static_cast<WireType>(ldns_rr_get_type(rr));
  if (type == WireType::kOpt) return read_opt(rr, answer);
  auto owner = name_in(ldns_rr_owner(rr));
  auto value = value_of(rr, type);
  if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !owner || !value) {
    ++answer.skipped;
    if (owner && !value && &section == &answer.answer && answer.unreadable.size() < kUnreadableMax) {
      answer.unreadable.push_back(Rr{*std::move(owner), type, ldns_rr_ttl(rr), printable_text(rr)});
    }
    return;
  }
  // RFC 2181 8: a TTL with the top bit set means zero.
  const auto ttl = ldns_rr_ttl(rr) > 0x7fff'ffffU ? 0U : ldns_rr_ttl(rr);
  section.push_back(Rr{*std::move(owner), type, ttl, *std::move(value)});
}

Result<void> read_section(Cursor& cursor, std::size_t count, ldns_pkt_section which, Answer& answer,
                          std::vector<Rr>& section) {
  for (std::size_t i = 0; i < count && !answer.over_limit; ++i) {
    if (cursor.kept == kRrsMax) {
      answer.over_limit = true;
      break;
    }
    const auto rr = TRY(next_rr(cursor, which));
    ++cursor.kept;
    keep(rr.get(), answer, section);
  }
  return {};
}

Result<void> read_question(Cursor& cursor, std::size_t count, Answer& answer) {
  if (count > 1) return fail(Kind::kProtocol, "a DNS answer was expected, this one has several questions");
  if (count == 0) return {};
  const auto rr = TRY(next_rr(cursor, LDNS_SECTION_QUESTION));
  auto name = name_in(ldns_rr_owner(rr.get()));
  if (name && ldns_rr_get_class(rr.get()) == LDNS_RR_CLASS_IN) {
    answer.question = Question{*std::move(name), static_cast<WireType>(ldns_rr_get_type(rr.get()))};
  } else {
    ++answer.skipped;
  }
  return {};
}

}  // namespace

WireType wire_type_of(RecordType type) {
  switch (type) {
    case RecordType::kA:
      return WireType::kA;
    case RecordType::kAaaa:
      return WireType::kAaaa;
    case RecordType::kCname:
      return WireType::kCname;
    case RecordType::kTxt:
      return WireType::kTxt;
    case RecordType::kMx:
      return WireType::kMx;
    case RecordType::kNs:
      return WireType::kNs;
    case RecordType::kCaa:
      return WireType::kCaa;
    case RecordType::kSrv:
      return WireType::kSrv;
  }
  return WireType::kA;
}

std::string name_of(WireType type) {
  switch (type) {
    case WireType::kA:
      return "A";
    case WireType::kNs:
      return "NS";
    case WireType::kCname:
      return "CNAME";
    case WireType::kSoa:
      return "SOA";
    case WireType::kMx:
      return "MX";
    case WireType::kTxt:
      return "TXT";
    case WireType::kAaaa:
      return "AAAA";
    case WireType::kSrv:
      return "SRV";
    case WireType::kOpt:
      return "OPT";
    case WireType::kDs:
      return "DS";
    case WireType::kDnskey:
      return "DNSKEY";
    case WireType::kCaa:
      return "CAA";
  }
  return format("TYPE{}", static_cast<std::uint16_t>(type));
}

std::string name_of(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServFail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
    case Rcode::kNotAuth:
      return "NOTAUTH";
    case Rcode::kBadVers:
      return "BADVERS";
  }
  return format("RCODE{}", static_cast<std::uint16_t>(rcode));
}

std::uint32_t negative_ttl(const Answer& answer) {
  for (const auto& rr : answer.authority) {
    if (rr.type != WireType::kSoa) continue;
    const auto minimum = parse_integer(std::string_view(rr.value).substr(rr.value.rfind(' ') + 1));
    return minimum ? std::min(rr.ttl, static_cast<std::uint32_t>(*minimum)) : rr.ttl;
  }
  return 0;
}

std::string encode_query(const Question& question, std::uint16_t id, Recursion recursion, Edns edns) {
  constexpr std::uint16_t kRecursionDesired = 0x0100;
  constexpr std::uint16_t kCheckingDisabled = 0x0010;
  constexpr std::uint16_t kClassIn = 1;
  std::string octets;
  octets.reserve(kHeaderBytes + question.name.text().size() + 2 + 4 + 11);
  const auto put = [&octets](std::uint16_t number) {
    octets.push_back(static_cast<char>(number >> 8));
    octets.push_back(static_cast<char>(number & 0xFF));
  };
  put(id);
  put(static_cast<std::uint16_t>((recursion == Recursion::kNotDesired ? 0 : kRecursionDesired) |
                                 (recursion == Recursion::kUnchecked ? kCheckingDisabled : 0)));
  for (const std::uint16_t count : {1, 0, 0, edns == Edns::kOn ? 1 : 0}) put(count);
  // A DnsName has labels of 1 to 63 octets, 253 in all, and no escapes: each is written as it stands (RFC 1035 3.1).
  if (!question.name.is_root()) {
    for (const auto label : split(question.name.text(), '.')) {
      octets.push_back(static_cast<char>(label.size()));
      octets.append(label);
    }
  }
  octets.push_back('\0');
  put(static_cast<std::uint16_t>(question.type));
  put(kClassIn);
  if (edns == Edns::kOn) {
    // OPT (RFC 6891 6.1.2): the root, the type, our size, no extended code, version 0, no flags, no options.
    octets.push_back('\0');
    put(static_cast<std::uint16_t>(WireType::kOpt));
    put(kUdpBytesMax);
    for (int i = 0; i < 3; ++i) put(0);
  }
  return octets;
}

Result<Answer> parse_answer(std::string_view octets) {
  if (octets.size() < kHeaderBytes || octets.size() > kMessageBytesMax) {
    return fail(Kind::kProtocol, format("a DNS answer was expected, {} octets came", octets.size()));
  }
  const auto flags = number_at(octets, 2);
  const bool is_response = (flags & 0x8000) != 0;
  const bool is_query_opcode = (flags & 0x7800) == 0;
  if (!is_response || !is_query_opcode) return fail(Kind::kProtocol, "a DNS answer was expected, another message came");
  Answer answer;
  answer.id = number_at(octets, 0);
  answer.rcode = static_cast<Rcode>(flags & 0x000f);
  answer.authoritative = (flags & 0x0400) != 0;
  answer.truncated = (flags & 0x0200) != 0;
  Cursor cursor{reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()};
  TRY_VOID(read_question(cursor, number_at(octets, 4), answer));
  // A truncated message may end in the middle of a record; nothing but its header is used.
  if (answer.truncated) return answer;
  TRY_VOID(read_section(cursor, number_at(octets, 6), LDNS_SECTION_ANSWER, answer, answer.answer));
  TRY_VOID(read_section(cursor, number_at(octets, 8), LDNS_SECTION_AUTHORITY, answer, answer.authority));
  TRY_VOID(read_section(cursor, number_at(octets, 10), LDNS_SECTION_ADDITIONAL, answer, answer.additional));
  return answer;
}

}  // namespace signpost::dns
