// SPDX-License-Identifier: Apache-2.0
//
// Is a received webhook genuine, and if not, which part is wrong? The signatures of Signpost and Entri in one header:
// C++17, the standard library and nothing else. Copy it, or put its folder on the include path. Pure functions and
// values; any thread. A ReplayGuard belongs to one receiver: share it between threads behind a mutex. No secret is ever
// part of a sentence, and signatures are compared in constant time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace signpost::webhooks {

/// As received; names in any case, and one pair for each line if a name came twice.
using Header = std::pair<std::string, std::string>;
using Headers = std::vector<Header>;

/// V1 has no timestamp and, as Entri's code computes it, does not cover the body: never accepted unless named.
struct AcceptedForms {
  bool v2 = true;           // hex SHA-256(id + timestamp + secret)
  bool v2_hmac = false;     // hex HMAC-SHA256(secret, id + timestamp)
  bool standard = true;     // Standard Webhooks 1.0.0: covers the body
  bool v1 = false;          // hex SHA-256(id + secret)
  bool v1_of_body = false;  // hex SHA-256(body + secret)
};

struct Tolerance {
  std::chrono::seconds past{300};
  std::chrono::seconds future{60};
};

/// One thing that was looked at, in a sentence for the receiver's developer.
struct Finding {
  std::string part;  // "id", "headers", "timestamp", "secret", "signature", "body"
  bool ok = false;
  std::string sentence;
};

struct Verification {
  bool ok = false;
  std::string accepted_form;       // "standard", "v2_hmac", "v2", "v1_of_body" or "v1"; empty unless ok
  std::string id;                  // of the form that was accepted: webhook-id, or the body's id
  std::string timestamp;           // the same; empty for V1
  std::string replay_key;          // 64 hex digits, of id, timestamp and the body's SHA-256; empty unless ok
  std::chrono::seconds window{0};  // how long it would be accepted again: a guard must not forget it sooner
  std::vector<Finding> findings;

  /// What is wrong first; null if it is ok.
  const Finding* fault() const {
    for (const auto& finding : findings) {
      if (!finding.ok) return &finding;
    }
    return nullptr;
  }
};

constexpr std::size_t kSecretsTriedMax = 16;
constexpr std::size_t kSignaturesReadMax = 32;
constexpr int kNestingMax = 32;           // of a body whose id is read
constexpr std::size_t kKeyBytesMin = 16;  // behind whsec_; the length of a raw secret is the choice of whoever made it

namespace detail {

// ── digests ─────────────────────────────────────────────────────────────────────────────────────────────────

/// FIPS 180-4.
class Sha256 {
 public:
  Sha256& add(std::string_view bytes) {
    for (const char byte : bytes) {
      block_[filled_++] = static_cast<std::uint8_t>(byte);
      if (filled_ == block_.size()) mix();
    }
    length_ += bytes.size();
    return *this;
  }
  /// 32 octets; the object is used up.
  std::string finish() {
    const std::uint64_t bits = length_ * 8;
    block_[filled_++] = 0x80;
    if (filled_ > 56) {
      while (filled_ < 64) block_[filled_++] = 0;
      mix();
    }
    while (filled_ < 56) block_[filled_++] = 0;
    for (int shift = 56; shift >= 0; shift -= 8) block_[filled_++] = static_cast<std::uint8_t>(bits >> shift);
    mix();
    std::string digest;
    for (const auto word : state_) {
      for (int shift = 24; shift >= 0; shift -= 8) digest += static_cast<char>(word >> shift & 0xFF);
    }
    return digest;
  }

 private:
  static std::uint32_t turn(std::uint32_t word, int by) { return word >> by | word << (32 - by); }
  void mix() {
    static constexpr std::array<std::uint32_t, 64> kRound{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t octet = 0; octet < 4; ++octet) w[i] = w[i] << 8 | block_[i * 4 + octet];
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const auto low = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
      const auto high = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
      const auto one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      const auto two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    const std::array<std::uint32_t, 8> mixed{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state_.size(); ++i) state_[i] += mixed[i];
    filled_ = 0;
  }

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

inline std::string sha256(std::initializer_list<std::string_view> parts) {
  Sha256 digest;
  for (const auto part : parts) digest.add(part);
  return digest.finish();
}

/// RFC 2104 with SHA-256.
inline std::string hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::string inner_pad = key.size() > 64 ? sha256({key}) : std::string(key);
  inner_pad.resize(64, '\0');
  std::string outer_pad = inner_pad;
  for (char& octet : inner_pad) octet = static_cast<char>(octet ^ 0x36);
  for (char& octet : outer_pad) octet = static_cast<char>(octet ^ 0x5C);
  Sha256 inner;
  inner.add(inner_pad);
  for (const auto part : parts) inner.add(part);
  return sha256({outer_pad, inner.finish()});
}

// ── text ────────────────────────────────────────────────────────────────────────────────────────────────────

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<std::uint8_t>(byte) >> 4];
    text += kDigits[static_cast<std::uint8_t>(byte) & 15];
  }
  return text;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string base64(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<std::uint8_t>(byte);
    for (held += 8; held >= 6;) text += kBase64[bits >> (held -= 6) & 63];
  }
  if (held > 0) text += kBase64[bits << (6 - held) & 63];
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

/// Padded and in its one spelling (RFC 4648 3.5), else nothing.
inline std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  const auto digits = text.find_last_not_of('=') + 1;
  for (const char digit : text.substr(0, digits)) {
    const auto value = kBase64.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 0xFF);
  }
  if (base64(bytes) != text) return std::nullopt;
  return bytes;
}

/// Takes a time that depends on the lengths alone.
inline bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return *const_cast<volatile unsigned*>(&difference) == 0;
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
inline bool is_same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Bytes of the UTF-8 character at the front (RFC 3629); 0 if there is none.
inline std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0}; };
  const auto follows = [&](std::size_t i, int min = 0x80, int max = 0xBF) { return at(i) >= min && at(i) <= max; };
  const auto first = at(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    return follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    return follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// For a sentence: printable ASCII, cut.
inline std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string clean(text.substr(0, bytes_max));
  for (char& c : clean) {
    if (c < ' ' || c > '~') c = '?';
  }
  return clean;
}

// ── the body's ids ──────────────────────────────────────────────────────────────────────────────────────────

/// The members of a JSON object (RFC 8259) that signatures are about; of a name that comes twice the last counts, as
/// in every common parser.
class BodyIds {
 public:
  explicit BodyIds(std::string_view body) : rest_(body) {
    blanks();
    is_object_ = !rest_.empty() && rest_.front() == '{';
    is_json_ = value(1) && (blanks(), rest_.empty());
    is_object_ = is_object_ && is_json_;
  }
  bool is_json() const { return is_json_; }
  bool is_object() const { return is_object_; }
  /// `id`, or `Id` as older payloads spell it; empty if neither is a text that is not.
  const std::string& id() const { return is_object_ ? (id_.empty() ? capital_id_ : id_) : kNone; }
  const std::string& event_id() const { return is_object_ ? event_id_ : kNone; }

 private:
  bool take(std::string_view token) {
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void blanks() {
    const auto first = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
  }
  bool is_next(char min, char max) const { return !rest_.empty() && rest_.front() >= min && rest_.front() <= max; }
  std::size_t digits() {
    std::size_t count = 0;
    for (; is_next('0', '9'); ++count) rest_.remove_prefix(1);
    return count;
  }

  bool value(int depth) {
    blanks();
    if (is_next('{', '{')) return object(depth);
    if (is_next('[', '[')) return array(depth);
    if (is_next('"', '"')) return text().has_value();
    if (take("true") || take("false") || take("null")) return true;
    return number();
  }
  bool number() {
    take("-");
    if (!take("0") && digits() == 0) return false;
    if (take(".") && digits() == 0) return false;
    if (!take("e") && !take("E")) return true;
    if (!take("+")) take("-");
    return digits() > 0;
  }
  bool array(int depth) {
    if (depth > kNestingMax || !take("[")) return false;
    blanks();
    if (take("]")) return true;
    do {
      if (!value(depth + 1)) return false;
      blanks();
    } while (take(","));
    return take("]");
  }
  bool object(int depth) {
    if (depth > kNestingMax || !take("{")) return false;
    blanks();
    if (take("}")) return true;
    do {
      blanks();
      const auto name = text();
      if (!name || (blanks(), !take(":"))) return false;
      blanks();
      if (depth == 1 && wanted(*name)) {
        const bool is_text = is_next('"', '"');
        auto member = is_text ? text() : std::optional<std::string>();
        if (is_text ? !member : !value(depth + 1)) return false;
        *wanted(*name) = std::move(member).value_or(std::string());
      } else if (!value(depth + 1)) {
        return false;
      }
      blanks();
    } while (take(","));
    return take("}");
  }
  std::string* wanted(std::string_view name) {
    return name == "id" ? &id_ : name == "Id" ? &capital_id_ : name == "event_id" ? &event_id_ : nullptr;
  }

  std::optional<std::string> text() {
    if (!take("\"")) return std::nullopt;
    std::string read;
    while (!take("\"")) {
      const auto plain = plain_bytes();
      read.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain);
      if (is_next('"', '"')) continue;
      if (is_next('\\', '\\')) {
        if (!escape(read)) return std::nullopt;
        continue;
      }
      const auto bytes = character_bytes(rest_);
      if (bytes < 2) return std::nullopt;  // the end, a control character, or no UTF-8
      read.append(rest_.substr(0, bytes));
      rest_.remove_prefix(bytes);
    }
    return read;
  }
  /// How many at the front stand for themselves, a byte each: most of a body, so they are taken in one go.
  std::size_t plain_bytes() const {
    const auto is_plain = [](char c) {
      const auto octet = static_cast<std::uint8_t>(c);
      return octet >= 0x20 && octet < 0x80 && c != '"' && c != '\\';
    };
    return static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_plain) - rest_.begin());
  }
  bool escape(std::string& into) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    const auto simple = kNames.find(rest_.front());
    if (simple != std::string_view::npos) {
      into += kMeant[simple];
      rest_.remove_prefix(1);
      return true;
    }
    auto code = unit();
    if (!code) return false;
    if (*code >= 0xDC00 && *code <= 0xDFFF) return false;
    if (*code >= 0xD800 && *code <= 0xDBFF) {
      const auto low = take("\\") ? unit() : std::optional<std::uint32_t>();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(into, *code);
    return true;
  }
  std::optional<std::uint32_t> unit() {
    if (!take("u") || rest_.size() < 4) return std::nullopt;
    std::uint32_t code = 0;
    for (const char c : rest_.substr(0, 4)) {
      const auto digit = std::string_view("0123456789abcdef").find(lower(c));
      if (digit == std::string_view::npos) return std::nullopt;
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    return code;
  }
  static void append_utf8(std::string& into, std::uint32_t code) {
    const auto add = [&](std::uint32_t octet) { into += static_cast<char>(octet); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
  }

  inline static const std::string kNone;
  std::string_view rest_;
  bool is_json_ = false;
  bool is_object_ = false;
  std::string id_, capital_id_, event_id_;
};

// ── the forms ───────────────────────────────────────────────────────────────────────────────────────────────

enum class Form { kStandard, kV2Hmac, kV2, kV1OfBody, kV1 };
constexpr std::array kForms{Form::kStandard, Form::kV2Hmac, Form::kV2, Form::kV1OfBody, Form::kV1};  // strongest first

struct FormFacts {
  std::string_view name;
  std::string_view signature_header;
  std::string_view timestamp_header;  // empty: it has none
};
constexpr FormFacts facts_of(Form form) {
  constexpr std::array kFacts{FormFacts{"standard", "webhook-signature", "webhook-timestamp"},
                              FormFacts{"v2_hmac", "Entri-Signature-V2", "Entri-Timestamp"},
                              FormFacts{"v2", "Entri-Signature-V2", "Entri-Timestamp"},
                              FormFacts{"v1_of_body", "Entri-Signature", ""}, FormFacts{"v1", "Entri-Signature", ""}};
  return kFacts[static_cast<std::size_t>(form)];
}
constexpr bool is_accepted(Form form, const AcceptedForms& accepted) {
  const std::array all{accepted.standard, accepted.v2_hmac, accepted.v2, accepted.v1_of_body, accepted.v1};
  return all[static_cast<std::size_t>(form)];
}

/// What `whsec_` stands before, decoded; a secret without it, or that is no base64 behind it, keys with its bytes.
inline std::string standard_key(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.substr(0, kPrefix.size()) != kPrefix) return std::string(secret);
  return from_base64(secret.substr(kPrefix.size())).value_or(std::string(secret));
}

}  // namespace detail

/// What everybody knows is no secret: an empty one, and `whsec_` with hardly a key behind it. Empty if it is sound.
inline std::string secret_problem(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  const auto trimmed = detail::trimmed(secret);
  if (trimmed.empty()) return "the secret is empty: anybody could sign with it; is the environment variable set?";
  if (trimmed.substr(0, kPrefix.size()) != kPrefix) return {};
  const auto behind = trimmed.substr(kPrefix.size());
  if (detail::from_base64(behind).value_or(std::string(behind)).size() >= kKeyBytesMin) return {};
  return "the secret is cut short: behind whsec_ there is a key of at least " + std::to_string(kKeyBytesMin) + " bytes";
}

namespace detail {

inline std::string signature(Form form, std::string_view id, std::string_view timestamp, std::string_view body,
                             std::string_view secret) {
  switch (form) {
    case Form::kStandard:
      return base64(hmac_sha256(standard_key(secret), {id, ".", timestamp, ".", body}));
    case Form::kV2Hmac:
      return hex(hmac_sha256(secret, {id, timestamp}));
    case Form::kV2:
      return hex(sha256({id, timestamp, secret}));
    case Form::kV1OfBody:
      return hex(sha256({body, secret}));
    case Form::kV1:
      return hex(sha256({id, secret}));
  }
  return {};
}

/// The `v1,…` entries; other versions are for other keys and are passed over, as the specification says.
inline std::vector<std::string_view> standard_signatures(std::string_view list) {
  std::vector<std::string_view> found;
  while (!list.empty() && found.size() < kSignaturesReadMax) {
    const auto end = std::min(list.find(' '), list.size());
    if (list.substr(0, 3) == "v1,") found.push_back(list.substr(3, end - 3));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return found;
}

/// Everything one verification looks at, and the matching of one form under one assumption.
class Inspection {
 public:
  Inspection(const Headers& headers, std::string_view body, const std::vector<std::string>& secrets,
             std::int64_t now_seconds, const AcceptedForms& accepted, const Tolerance& tolerance)
      : headers_(headers),
        body_(body),
        secrets_(secrets.begin(),
                 secrets.begin() + static_cast<std::ptrdiff_t>(std::min(secrets.size(), kSecretsTriedMax))),
        now_(now_seconds),
        accepted_(accepted),
        tolerance_(tolerance),
        ids_(body) {}

  Verification run() {
    if (secrets_.empty()) wrong("secret", "no secret was given to verify with");
    for (const auto secret : secrets_) {
      const auto problem = secret_problem(secret);
      if (problem.empty()) continue;
      wrong("secret", problem);
      return std::move(verification_);
    }
    const auto forms = deciding_forms();
    if (forms.empty()) {
      nothing_to_verify();
    } else {
      decide(forms);
    }
    return std::move(verification_);
  }

 private:
  void find(std::string_view part, bool ok, std::string sentence) {
    verification_.findings.push_back({std::string(part), ok, std::move(sentence)});
  }
  void wrong(std::string_view part, std::string sentence) { find(part, false, std::move(sentence)); }

  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers_.begin(), headers_.end(), [&](const Header& header) { return is_same_name(header.first, name); }));
  }
  /// The first of that name; empty if there is none.
  std::string_view value(std::string_view name) const {
    const auto found = std::find_if(headers_.begin(), headers_.end(),
                                    [&](const Header& header) { return is_same_name(header.first, name); });
    return found == headers_.end() ? std::string_view() : std::string_view(found->second);
  }
  std::string_view id_of(Form form) const {
    return form == Form::kStandard ? value("webhook-id") : std::string_view(ids_.id());
  }
  std::string_view timestamp_of(Form form) const {
    const auto name = facts_of(form).timestamp_header;
    return name.empty() ? std::string_view() : value(name);
  }

  bool matches(Form form, std::string_view id, std::string_view timestamp, std::string_view secret) const {
    const auto wanted = signature(form, id, timestamp, body_, secret);
    const auto sent = value(facts_of(form).signature_header);
    if (form != Form::kStandard) return equal(wanted, sent);
    bool is_found = false;
    for (const auto one : standard_signatures(sent)) is_found |= equal(wanted, one);
    return is_found;
  }
  /// As sent, under any secret.
  bool matches(Form form) const {
    if (count(facts_of(form).signature_header) == 0 || (id_of(form).empty() && form != Form::kV1OfBody)) return false;
    bool is_found = false;
    for (const auto secret : secrets_) is_found |= matches(form, id_of(form), timestamp_of(form), secret);
    return is_found;
  }
  bool matches_v2() const { return matches(Form::kV2) || matches(Form::kV2Hmac); }

  /// The accepted forms of the strongest signature header that is there: both V2 recipes share one, as both of V1 do.
  std::vector<Form> deciding_forms() const {
    std::vector<Form> forms;
    for (const auto form : kForms) {
      const auto header = facts_of(form).signature_header;
      if (!is_accepted(form, accepted_) || count(header) == 0) continue;
      if (forms.empty() || facts_of(forms.front()).signature_header == header) forms.push_back(form);
    }
    return forms;
  }

  void nothing_to_verify() {
    std::string names;
    for (const auto form : kForms) {
      const std::string name(facts_of(form).signature_header);
      if (!is_accepted(form, accepted_) || names.find(name) != std::string::npos) continue;
      names += (names.empty() ? "" : ", ") + name;
    }
    if (names.empty()) return wrong("headers", "no signature form is accepted: name at least one");
    wrong("headers", "no signature to verify: none of the accepted headers is there (" + names + ")");
    if (!accepted_.v1 && !accepted_.v1_of_body && count("Entri-Signature") > 0) {
      wrong("headers",
            "Entri-Signature (V1) is there, but V1 is not accepted: it has no timestamp, so anybody can replay it");
    }
  }

  void decide(const std::vector<Form>& forms) {
    const Form strongest = forms.front();
    bool is_sound = are_headers_sound(strongest);
    is_sound &= is_id_there(forms);
    if (!is_sound || !is_timestamp_fresh(strongest)) return;
    for (const auto form : forms) {
      if (matches(form)) return accept(form);
    }
    if (!secrets_.empty()) explain(strongest);
  }

  void accept(Form form) {
    find("signature", true,
         std::string(facts_of(form).signature_header) + " verifies (" + std::string(facts_of(form).name) + ")");
    verification_.ok = true;
    verification_.accepted_form = facts_of(form).name;
    verification_.window = tolerance_.past + tolerance_.future;
    verification_.id = id_of(form);
    verification_.timestamp = timestamp_of(form);
    // The lengths keep one pair of id and timestamp from being spelled as another.
    const auto with_length = [](const std::string& text) { return std::to_string(text.size()) + ":" + text + ":"; };
    verification_.replay_key =
        hex(sha256({with_length(verification_.id), with_length(verification_.timestamp), sha256({body_})}));
    if (form == Form::kStandard) compare_entri();
  }

  /// Standard Webhooks has proven the message; whether V2 agrees is worth a word, since it tells of a rotation.
  void compare_entri() {
    if (count("Entri-Signature-V2") == 0 || matches_v2()) return;
    find("secret", true,
         "Entri-Signature-V2 is made with another secret than this one: an older secret is still in its overlap, and "
         "the "
         "Entri headers hold one value");
  }

  /// Only what no accepted form needs may be missing.
  bool is_id_there(const std::vector<Form>& forms) {
    if (!ids_.id().empty()) {
      find("id", true, "the body's id is " + shown(ids_.id(), 200));
      return true;
    }
    if (forms.front() == Form::kStandard || std::find(forms.begin(), forms.end(), Form::kV1OfBody) != forms.end())
      return true;
    if (!ids_.is_json()) {
      wrong("body", "the body is not JSON, or nested deeper than " + std::to_string(kNestingMax));
    } else if (!ids_.is_object()) {
      wrong("body", "the body is JSON, but not an object");
    } else {
      wrong("id", "the body has no member id (or Id) that is a string: the Entri signatures cover it");
    }
    return false;
  }

  bool is_there_once(std::string_view name) {
    const auto found = count(name);
    if (found == 1 && !value(name).empty()) return true;
    wrong("headers", std::string(name) + (found == 0   ? " is missing"
                                          : found == 1 ? " is empty"
                                                       : " is there more than once"));
    return false;
  }

  bool are_headers_sound(Form form) {
    bool is_sound = is_there_once(facts_of(form).signature_header);
    if (form == Form::kStandard) is_sound &= is_there_once("webhook-id");
    if (!facts_of(form).timestamp_header.empty()) is_sound &= is_there_once(facts_of(form).timestamp_header);
    return is_sound && is_signature_well_formed(form);
  }

  bool is_signature_well_formed(Form form) {
    const auto sent = value(facts_of(form).signature_header);
    if (form != Form::kStandard) {
      if (sent.size() == 64 && sent.find_first_not_of("0123456789abcdef") == std::string_view::npos) return true;
      wrong("headers",
            std::string(facts_of(form).signature_header) + " is malformed: 64 lower-case hex digits were expected");
      return false;
    }
    for (const auto one : standard_signatures(sent)) {
      const auto bytes = from_base64(one);
      if (bytes && bytes->size() == 32) return true;
    }
    wrong("headers", "webhook-signature is malformed: it has no entry of the form v1,<base64 of 32 bytes>");
    return false;
  }

  bool is_timestamp_fresh(Form form) {
    const std::string name(facts_of(form).timestamp_header);
    if (name.empty()) return true;
    const auto sent = value(name);
    if (sent.size() > 12 || sent.find_first_not_of("0123456789") != std::string_view::npos) {
      wrong("timestamp", name + " is malformed: epoch seconds were expected, found \"" + shown(sent, 40) + "\"");
      return false;
    }
    const auto age = now_ - static_cast<std::int64_t>(std::stoll(std::string(sent)));
    if (age > tolerance_.past.count()) {
      wrong("timestamp", name + " is stale: " + std::to_string(age) + " s old, at most " +
                             std::to_string(tolerance_.past.count()) +
                             " s are accepted; a replay, or your clock is fast");
      return false;
    }
    if (-age > tolerance_.future.count()) {
      wrong("timestamp", name + " lies " + std::to_string(-age) + " s in the future, at most " +
                             std::to_string(tolerance_.future.count()) + " s are accepted; is your clock slow?");
      return false;
    }
    find("timestamp", true, name + " is fresh (" + std::to_string(age) + " s old)");
    return true;
  }

  // ── what is wrong? ──

  void explain(Form form) {
    if (explain_by_other_spelling(form)) return;
    if (form == Form::kStandard) return explain_standard();
    explain_entri(form);
  }

  /// Pasted secrets carry blanks; and the same header can hold another recipe.
  bool explain_by_other_spelling(Form form) {
    for (const auto secret : secrets_) {
      if (trimmed(secret).size() == secret.size()) continue;
      if (!matches(form, id_of(form), timestamp_of(form), trimmed(secret))) continue;
      wrong("secret", "the secret has blanks or a line end around it: without them the signature verifies");
      return true;
    }
    for (const auto other : kForms) {
      const auto header = facts_of(form).signature_header;
      if (is_accepted(other, accepted_) || facts_of(other).signature_header != header || !matches(other)) continue;
      wrong("signature", std::string(header) + " holds the form " + std::string(facts_of(other).name) +
                             ", which is not accepted here: accept it, or change the endpoint's setting");
      return true;
    }
    return false;
  }

  void explain_standard() {
    for (const auto secret : secrets_) {
      if (matches(Form::kStandard, value("webhook-id"), value("Entri-Timestamp"), secret)) {
        return wrong(
            "timestamp",
            "webhook-timestamp was changed after signing: with the value of Entri-Timestamp the signature verifies");
      }
      if (!ids_.event_id().empty() && matches(Form::kStandard, ids_.event_id(), value("webhook-timestamp"), secret)) {
        return wrong("id", "webhook-id was changed after signing: with the body's event_id the signature verifies");
      }
    }
    if (matches_v2()) {
      return wrong(
          "body",
          "the body was changed or re-serialised after signing: secret and timestamp are right (Entri-Signature-V2 "
          "agrees), but webhook-signature covers other bytes; verify the raw body as received, before parsing");
    }
    wrong("secret",
          "webhook-signature does not verify and no other signature agrees: most likely this is not the secret it was "
          "made with");
  }

  void explain_entri(Form form) {
    const std::string header(facts_of(form).signature_header);
    const bool has_timestamp = !facts_of(form).timestamp_header.empty();
    for (const auto secret : secrets_) {
      if (has_timestamp && matches(form, id_of(form), value("webhook-timestamp"), secret)) {
        return wrong(
            "timestamp",
            "Entri-Timestamp was changed after signing: with the value of webhook-timestamp the signature verifies");
      }
    }
    if (matches(Form::kStandard)) {
      return wrong("signature",
                   header + " is damaged or made with another secret: webhook-signature of the same message verifies");
    }
    if (form == Form::kV1OfBody && matches_v2()) {
      return wrong("body",
                   "the body was changed or re-serialised after signing: the secret is right (Entri-Signature-V2 "
                   "agrees); verify "
                   "the raw body");
    }
    if (has_timestamp && (matches(Form::kV1) || matches(Form::kV1OfBody))) {
      return wrong(
          "timestamp",
          "the secret and the id are right (Entri-Signature agrees): Entri-Timestamp was changed after signing");
    }
    wrong("secret",
          header +
              " does not verify and no other signature agrees: most likely this is not the secret it was made with, or "
              "the body's id was changed");
  }

  const Headers& headers_;
  std::string_view body_;
  std::vector<std::string_view> secrets_;
  std::int64_t now_;
  AcceptedForms accepted_;
  Tolerance tolerance_;
  BodyIds ids_;
  Verification verification_;
};

}  // namespace detail

/// Checks a received webhook. The strongest accepted form that is present decides, in the order of
/// Verification::accepted_form: a body that Standard Webhooks refuses is refused even if V2, which does not cover it,
/// agrees. The other forms are used to find out what is wrong. `body` is the raw bytes as received, `now_seconds` the
/// time since the epoch. At most kSecretsTriedMax secrets and kSignaturesReadMax signatures are looked at.
inline Verification verify(const Headers& headers, std::string_view body, const std::vector<std::string>& secrets,
                           std::int64_t now_seconds, const AcceptedForms& accepted = {},
                           const Tolerance& tolerance = {}) {
  return detail::Inspection(headers, body, secrets, now_seconds, accepted, tolerance).run();
}

inline std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Remembers what has been accepted while its timestamp is still fresh; full, it forgets the oldest. Several processes
/// share a table with a unique key instead.
class ReplayGuard {
 public:
  enum class Seen { kFirst, kAgain };

  explicit ReplayGuard(std::size_t entries_max = 65'536, const Tolerance& tolerance = {})
      : entries_max_(entries_max), window_(tolerance.past + tolerance.future) {}

  /// Only after verify() said ok: strangers must not be able to fill it. Kept for the guard's window, or for the longer
  /// one in which verify() accepts it.
  Seen note(const Verification& webhook, std::int64_t now_seconds) {
    return note(webhook.replay_key, now_seconds, webhook.window);
  }
  /// The same, for one whose Verification is not at hand.
  Seen note(const std::string& replay_key, std::int64_t now_seconds, std::chrono::seconds window = {}) {
    while (!entries_.empty() && entries_.front().forget_at < now_seconds) forget_oldest();
    if (!keys_.insert(replay_key).second) return Seen::kAgain;
    entries_.push_back({replay_key, now_seconds + std::max(window_, window).count()});
    if (entries_.size() > entries_max_) forget_oldest();
    return Seen::kFirst;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::string key;
    std::int64_t forget_at;
  };
  void forget_oldest() {
    keys_.erase(entries_.front().key);
    entries_.pop_front();
  }

  std::size_t entries_max_;
  std::chrono::seconds window_;
  std::deque<Entry> entries_;  // oldest first
  std::unordered_set<std::string> keys_;
};

}  // namespace signpost::webhooks
