// SPDX-License-Identifier: Apache-2.0
#include "base/host_name.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "base/text.h"

namespace signpost {
namespace {

constexpr std::size_t kNameBytesMax = 253;    // RFC 1035 2.3.4: 255 on the wire
constexpr std::size_t kLabelBytesMax = 63;    // RFC 1035 2.3.4
constexpr std::size_t kInputBytesMax = 1024;  // U-labels take more octets than the A-labels they become

enum class Rules { kHost, kDns };

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Kind::kUnprocessable, format("\"{}\" is not a usable name: {}", printable(text, 80), why));
}

struct FreeIdn2 {
  void operator()(char* text) const { idn2_free(text); }
};
using Idn2Text = std::unique_ptr<char, FreeIdn2>;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_a_label(std::string_view text) { return text.starts_with("xn--") || text.find(".xn--") != text.npos; }

/// A-labels of valid UTF-8 without U+0000: UTS 46 non-transitional mapping, then the rules of RFC 5891 5.
Result<std::string> to_a_labels(const std::string& text, std::string_view original, Rules rules) {
  const int flags =
      IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT | (rules == Rules::kHost ? int{IDN2_USE_STD3_ASCII_RULES} : 0);
  char* raw = nullptr;
  const int problem = idn2_to_ascii_8z(text.c_str(), &raw, flags);
  const Idn2Text owned(raw);
  if (problem == IDN2_TOO_BIG_LABEL || problem == IDN2_PUNYCODE_BIG_OUTPUT)
    return refuse(original, "a label is longer than 63 octets");
  if (problem == IDN2_TOO_BIG_DOMAIN) return refuse(original, "it is longer than 253 octets");
  if (problem != IDN2_OK) {
    return refuse(original, format("it is not a valid internationalized name ({})", idn2_strerror(problem)));
  }
  return to_lower(owned.get());
}

/// One spelling, one name: what the mapping yields must map to itself, or two rows could mean the same host.
Result<std::string> to_stable_a_labels(const std::string& text, std::string_view original, Rules rules) {
  auto mapped = TRY(to_a_labels(text, original, rules));
  if (!has_a_label(mapped)) return mapped;
  const auto again = to_a_labels(mapped, original, rules);
  if (!again || *again != mapped) return refuse(original, "its xn-- form does not stand for a valid name");
  return mapped;
}

Result<void> check_characters(std::string_view text) {
  if (text.empty()) return fail(Kind::kUnprocessable, "a name is missing: give one such as www.example.com");
  if (text.find('\0') != text.npos) return refuse(text, "it contains the character U+0000");
  if (text.size() > kInputBytesMax) return refuse(text, "it is longer than 253 octets");
  if (!is_valid_utf8(text)) return refuse(text, "it is not valid UTF-8");
  if (text.find('\\') != text.npos) return refuse(text, "it contains a backslash; escapes are not supported");
  return {};
}

bool is_ip_address(const std::string& text) {
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != text.npos) return false;
  in6_addr six{};
  in_addr four{};
  return inet_pton(AF_INET6, text.c_str(), &six) == 1 || inet_pton(AF_INET, text.c_str(), &four) == 1;
}

/// WHATWG URL 3.5, "ends in a number": resolvers and browsers read such names as IPv4 addresses.
bool ends_in_number(std::string_view text) {
  auto last = text.substr(text.rfind('.') + 1);
  if (last.starts_with("0x")) {
    last.remove_prefix(2);
    return last.find_first_not_of("0123456789abcdef") == last.npos;
  }
  return !last.empty() && last.find_first_not_of("0123456789") == last.npos;
}

/// What people paste instead of a host name, each with its own advice.
Result<void> check_is_no_address_or_url(std::string_view text) {
  std::string bare(text.ends_with('.') ? text.substr(0, text.size() - 1) : text);
  if (bare.starts_with('[')) bare = bare.substr(1, bare.find_first_of("]%") - 1);
  bare = bare.substr(0, bare.find('%'));
  if (is_ip_address(bare)) return refuse(text, "it is an IP address; give the host name that leads to it");
  if (text.find("://") != text.npos) return refuse(text, "it is a URL; give its host name alone");
  if (text.find(':') != text.npos) return refuse(text, "it contains a colon; give the host name alone, without a port");
  if (text.starts_with("*.") || text == "*") {
    return refuse(text, "it is a wildcard; every host name is connected by its own name");
  }
  return {};
}

Result<void> check_label(std::string_view label, std::string_view original, Rules rules) {
  if (label.empty()) return refuse(original, "a label between two dots is empty");
  if (label.size() > kLabelBytesMax) return refuse(original, "a label is longer than 63 octets");
  for (const char c : label) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') continue;
    if (c == '_' && rules == Rules::kDns) continue;
    if (c == '_') return refuse(original, "it contains an underscore, which a host name cannot have");
    return refuse(original, format("it contains \"{}\"; only letters, digits, hyphens and dots are allowed",
                                   printable(std::string_view(&c, 1))));
  }
  if (rules == Rules::kHost && (label.starts_with('-') || label.ends_with('-'))) {
    return refuse(original, "a label begins or ends with a hyphen");
  }
  return {};
}

Result<void> check_labels(std::string_view name, std::string_view original, Rules rules) {
  if (name.size() > kNameBytesMax) return refuse(original, "it is longer than 253 octets");
  const auto labels = split(name, '.');
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i == 0 && labels[0] == "*" && rules == Rules::kDns) continue;
    TRY_VOID(check_label(labels[i], original, rules));
  }
  return {};
}

/// Any valid spelling to the canonical one, without the rules that only hosts have.
Result<std::string> canonical(std::string_view text, Rules rules) {
  auto name = to_lower(text);
  // A DNS name is taken as DNS has it; only a host's A-labels must mean something.
  if (!is_ascii(name) || (rules == Rules::kHost && has_a_label(name))) {
    if (name.ends_with('.')) name.pop_back();
    name = TRY(to_stable_a_labels(name, text, rules));
    // The mapping makes dots of their ideographic kin, also at the end; "x.。" ends in two.
    if (name.ends_with('.') && text.ends_with('.')) return refuse(text, "a label between two dots is empty");
  }
  if (name.ends_with('.')) name.pop_back();
  TRY_VOID(check_labels(name, text, rules));
  return name;
}

struct FreePsl {
  void operator()(const psl_ctx_t* list) const { psl_free(const_cast<psl_ctx_t*>(list)); }
};

/// Compiled into libpsl, or the distribution's file if that was built without. Without any list no name can be split.
const psl_ctx_t* suffix_list() {
  static const std::unique_ptr<const psl_ctx_t, FreePsl> list = [] {
    std::unique_ptr<const psl_ctx_t, FreePsl> found(psl_builtin());
    if (!found || psl_suffix_count(found.get()) == 0) found.reset(psl_latest(nullptr));
    if (!found || psl_suffix_count(found.get()) == 0) {
      throw std::runtime_error("libpsl has no public suffix list: install the package publicsuffix");
    }
    return found;
  }();
  return list.get();
}

}  // namespace

Result<HostName> HostName::parse(std::string_view text) {
  TRY_VOID(check_characters(text));
  TRY_VOID(check_is_no_address_or_url(text));
  auto name = TRY(canonical(text, Rules::kHost));
  if (name == "localhost" || name.ends_with(".localhost")) {
    return refuse(text, "it means this machine (RFC 6761 6.3); give a public host name");
  }
  if (ends_in_number(name)) {
    return refuse(text, "its last label is a number, so it is read as an IP address; give a host name");
  }
  const char* domain = psl_registrable_domain(suffix_list(), name.c_str());
  if (domain == nullptr) {
    return refuse(text, "it is a public suffix, under which others register; give a name below it");
  }
  const auto domain_at = static_cast<std::size_t>(domain - name.c_str());
  return HostName(std::move(name), domain_at);
}

std::string HostName::unicode() const {
  if (!has_a_label(text_)) return text_;
  char* raw = nullptr;
  const int problem = idn2_to_unicode_8z8z(text_.c_str(), &raw, 0);
  const Idn2Text owned(raw);
  return problem == IDN2_OK ? std::string(owned.get()) : text_;
}

Result<DnsName> DnsName::parse(std::string_view text) {
  if (text == ".") return DnsName(std::string("."));
  TRY_VOID(check_characters(text));
  return DnsName(TRY(canonical(text, Rules::kDns)));
}

bool DnsName::is_within(const DnsName& zone) const {
  if (zone.is_root() || text_ == zone.text_) return true;
  return text_.size() > zone.text_.size() && text_.ends_with(zone.text_) &&
         text_[text_.size() - zone.text_.size() - 1] == '.';
}

DnsName DnsName::parent() const {
  const auto dot = text_.find('.');
  if (is_root() || dot == std::string::npos) return DnsName(std::string("."));
  return DnsName(text_.substr(dot + 1));
}

}  // namespace signpost
