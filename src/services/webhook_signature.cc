// SPDX-License-Identifier: Apache-2.0
#include "services/webhook_signature.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "services/event_json.h"

namespace signpost::services {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

/// A secret that claims to be base64 and is not keys with its bytes, like one without the prefix.
std::string standard_key(std::string_view secret) {
  if (secret.starts_with(kSecretPrefix)) {
    if (auto key = from_base64(secret.substr(kSecretPrefix.size()))) return *std::move(key);
  }
  return std::string(secret);
}

std::string standard_list(const std::vector<std::string>& secrets, std::string_view id, std::string_view timestamp,
                          std::string_view body) {
  std::string list;
  for (const auto& secret : secrets) {
    if (!list.empty()) list += ' ';
    list += "v1,";
    list += signature_standard(id, timestamp, body, secret);
  }
  return list;
}

}  // namespace

std::string signature_v1(std::string_view flow_id, std::string_view secret) {
  return to_hex(crypto::sha256_joined({flow_id, secret}));
}

std::string signature_v1_of_body(std::string_view body, std::string_view secret) {
  return to_hex(crypto::sha256_joined({body, secret}));
}

std::string signature_v2(std::string_view flow_id, std::string_view timestamp, std::string_view secret) {
  return to_hex(crypto::sha256_joined({flow_id, timestamp, secret}));
}

std::string signature_v2_hmac(std::string_view flow_id, std::string_view timestamp, std::string_view secret) {
  return to_hex(crypto::hmac_sha256_joined(secret, {flow_id, timestamp}));
}

std::string signature_standard(std::string_view webhook_id, std::string_view timestamp, std::string_view body,
                               std::string_view secret) {
  return to_base64(crypto::hmac_sha256_joined(standard_key(secret), {webhook_id, ".", timestamp, ".", body}));
}

std::vector<net::Header> sign(const EndpointOptions& options, const SigningSecrets& secrets, std::string_view flow_id,
                              std::string_view event_id, std::string_view body, Time now) {
  const std::string timestamp = std::to_string(to_seconds(now));
  std::vector<net::Header> headers;
  headers.reserve(6);
  headers.push_back({"Entri-Timestamp", timestamp});
  headers.push_back({"Entri-Signature-V2", options.v2_is_hmac ? signature_v2_hmac(flow_id, timestamp, secrets.entri)
                                                              : signature_v2(flow_id, timestamp, secrets.entri)});
  if (options.sends_v1) {
    headers.push_back({"Entri-Signature", options.v1_covers_body ? signature_v1_of_body(body, secrets.entri)
                                                                 : signature_v1(flow_id, secrets.entri)});
  }
  headers.push_back({"webhook-id", std::string(event_id)});
  headers.push_back({"webhook-timestamp", timestamp});
  headers.push_back({"webhook-signature", standard_list(secrets.live_newest_first, event_id, timestamp, body)});
  return headers;
}

namespace {

// ── verification ────────────────────────────────────────────────────────────────────────────────────────────

enum class Form { kStandard, kV2Hmac, kV2, kV1OfBody, kV1 };
constexpr std::array kForms{Form::kStandard, Form::kV2Hmac, Form::kV2, Form::kV1OfBody, Form::kV1};  // strongest first

std::string_view name_of(Form form) {
  switch (form) {
    case Form::kStandard:
      return "standard";
    case Form::kV2Hmac:
      return "v2_hmac";
    case Form::kV2:
      return "v2";
    case Form::kV1OfBody:
      return "v1_of_body";
    case Form::kV1:
      return "v1";
  }
  return "";
}

std::string_view signature_header_of(Form form) {
  switch (form) {
    case Form::kStandard:
      return "webhook-signature";
    case Form::kV2Hmac:
    case Form::kV2:
      return "Entri-Signature-V2";
    case Form::kV1OfBody:
    case Form::kV1:
      return "Entri-Signature";
  }
  return "";
}

bool is_accepted(Form form, const AcceptedForms& accepted) {
  switch (form) {
    case Form::kStandard:
      return accepted.standard;
    case Form::kV2Hmac:
      return accepted.v2_hmac;
    case Form::kV2:
      return accepted.v2;
    case Form::kV1OfBody:
      return accepted.v1_of_body;
    case Form::kV1:
      return accepted.v1;
  }
  return false;
}

bool has_timestamp(Form form) { return form != Form::kV1 && form != Form::kV1OfBody; }

std::size_t count_of(const std::vector<net::Header>& headers, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const net::Header& header) { return equals_ignoring_case(header.name, name); }));
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The `v1,…` entries; other versions of the list are for other keys and are passed over, as the specification says.
std::vector<std::string_view> standard_signatures(std::string_view list) {
  std::vector<std::string_view> signatures;
  for (const auto entry : split(list, ' ')) {
    if (entry.starts_with("v1,") && signatures.size() < kSignaturesReadMax) signatures.push_back(entry.substr(3));
  }
  return signatures;
}

/// Everything one verification looks at, and the matching of one form under one assumption.
class Inspection {
 public:
  Inspection(const std::vector<net::Header>& headers, std::string_view body, const std::vector<std::string>& secrets,
             Time now, const AcceptedForms& accepted, const Tolerance& tolerance)
      : headers_(headers),
        body_(body),
        secrets_(std::span(secrets).first(std::min(secrets.size(), kSecretsTriedMax))),
        now_(now),
        accepted_(accepted),
        tolerance_(tolerance),
        flow_id_(flow_id_of(body)) {}

  Verification run() {
    if (secrets_.empty()) find("secret", false, "no secret was given to verify with");
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

  std::string_view value(std::string_view name) const { return net::header_of(headers_, name); }

  std::string_view id_of(Form form) const {
    if (form == Form::kStandard) return value("webhook-id");
    return flow_id_ ? std::string_view(*flow_id_) : std::string_view();
  }
  std::string_view timestamp_of(Form form) const {
    if (form == Form::kStandard) return value("webhook-timestamp");
    return has_timestamp(form) ? value("Entri-Timestamp") : std::string_view();
  }

  std::string expected(Form form, std::string_view id, std::string_view timestamp, std::string_view secret) const {
    switch (form) {
      case Form::kStandard:
        return signature_standard(id, timestamp, body_, secret);
      case Form::kV2Hmac:
        return signature_v2_hmac(id, timestamp, secret);
      case Form::kV2:
        return signature_v2(id, timestamp, secret);
      case Form::kV1OfBody:
        return signature_v1_of_body(body_, secret);
      case Form::kV1:
        return signature_v1(id, secret);
    }
    return {};
  }

  bool equals_sent(Form form, const std::string& wanted) const {
    const auto sent = value(signature_header_of(form));
    if (form != Form::kStandard) return crypto::equals_in_constant_time(wanted, sent);
    bool found = false;
    for (const auto signature : standard_signatures(sent)) found |= crypto::equals_in_constant_time(wanted, signature);
    return found;
  }

  bool matches(Form form, std::string_view id, std::string_view timestamp, std::string_view secret) const {
    return equals_sent(form, expected(form, id, timestamp, secret));
  }

  /// As sent, under any secret.
  bool matches(Form form) const {
    if (id_of(form).empty() && form != Form::kV1OfBody) return false;
    bool found = false;
    for (const auto& secret : secrets_) found |= matches(form, id_of(form), timestamp_of(form), secret);
    return found;
  }

  /// The accepted forms of the strongest signature header that is there: both V2 recipes share one, as both of V1 do.
  std::vector<Form> deciding_forms() const {
    std::vector<Form> forms;
    for (const auto form : kForms) {
      if (!is_accepted(form, accepted_) || !net::has_header(headers_, signature_header_of(form))) continue;
      if (forms.empty() || signature_header_of(forms.front()) == signature_header_of(form)) forms.push_back(form);
    }
    return forms;
  }

  void nothing_to_verify() {
    std::string wanted;
    for (const auto form : kForms) {
      if (!is_accepted(form, accepted_)) continue;
      const auto name = signature_header_of(form);
      if (wanted.find(name) == std::string::npos) wanted += (wanted.empty() ? "" : ", ") + std::string(name);
    }
    if (wanted.empty()) return find("headers", false, "no signature form is accepted: name at least one");
    find("headers", false, "no signature to verify: none of the accepted headers is there (" + wanted + ")");
    if (!accepted_.v1 && !accepted_.v1_of_body && net::has_header(headers_, "Entri-Signature")) {
      find("headers", false,
           "Entri-Signature (V1) is there, but V1 is not accepted: it has no timestamp, so anybody can replay it");
    }
  }

  void decide(const std::vector<Form>& forms) {
    const Form strongest = forms.front();
    bool sound = are_headers_sound(strongest);
    sound &= is_id_there(forms);
    if (!sound || !is_timestamp_fresh(strongest)) return;
    for (const auto form : forms) {
      if (matches(form)) return accept(form);
    }
    if (!secrets_.empty()) explain(strongest);
  }

  void accept(Form form) {
    find("signature", true, std::string(signature_header_of(form)) + " verifies (" + std::string(name_of(form)) + ")");
    verification_.ok = true;
    verification_.accepted_form = name_of(form);
    verification_.id = id_of(form);
    verification_.timestamp = timestamp_of(form);
    if (form == Form::kStandard) compare_entri();
  }

  /// Only what no accepted form needs may be missing.
  bool is_id_there(const std::vector<Form>& forms) {
    if (flow_id_) {
      find("id", true, "the body's id is " + printable(*flow_id_));
      return true;
    }
    if (forms.front() == Form::kStandard || std::ranges::find(forms, Form::kV1OfBody) != forms.end()) return true;
    const bool is_json = flow_id_.error().kind != Kind::kInvalid;
    find(is_json ? "id" : "body", false, flow_id_.error().message + (is_json ? ": the Entri signatures cover it" : ""));
    return false;
  }

  /// Standard Webhooks has proven the message; whether V2 agrees is worth a word, since it tells of a rotation.
  void compare_entri() {
    if (!net::has_header(headers_, "Entri-Signature-V2")) return;
    if (matches(Form::kV2) || matches(Form::kV2Hmac)) return;
    find("secret", true,
         "Entri-Signature-V2 is made with another secret than this one: an older secret is still in its overlap, and "
         "the Entri headers "
         "hold one value");
  }

  bool is_there_once(std::string_view name) {
    const auto count = count_of(headers_, name);
    if (count == 1 && !value(name).empty()) return true;
    find("headers", false,
         std::string(name) + (count == 0   ? " is missing"
                              : count == 1 ? " is empty"
                                           : " is there more than once"));
    return false;
  }

  bool are_headers_sound(Form form) {
    bool sound = is_there_once(signature_header_of(form));
    if (form == Form::kStandard) sound &= is_there_once("webhook-id");
    if (has_timestamp(form)) sound &= is_there_once(timestamp_header_of(form));
    return sound && is_signature_well_formed(form);
  }

  static std::string_view timestamp_header_of(Form form) {
    return form == Form::kStandard ? std::string_view("webhook-timestamp") : std::string_view("Entri-Timestamp");
  }

  bool is_signature_well_formed(Form form) {
    const auto sent = value(signature_header_of(form));
    if (form != Form::kStandard) {
      if (is_hex_digest(sent)) return true;
      find("headers", false,
           std::string(signature_header_of(form)) + " is malformed: 64 lower-case hex digits were expected");
      return false;
    }
    const auto signatures = standard_signatures(sent);
    const bool is_digest = std::ranges::any_of(signatures, [](std::string_view one) {
      const auto bytes = from_base64(one);
      return bytes && bytes->size() == 32;
    });
    if (is_digest) return true;
    find("headers", false, "webhook-signature is malformed: it has no entry of the form v1,<base64 of 32 bytes>");
    return false;
  }

  bool is_timestamp_fresh(Form form) {
    if (!has_timestamp(form)) return true;
    const auto name = std::string(timestamp_header_of(form));
    const auto sent = value(name);
    const auto seconds = parse_integer(sent);
    if (!seconds || *seconds < 0 || sent.size() > 12) {
      find("timestamp", false,
           name + " is malformed: epoch seconds were expected, found \"" + printable(sent, 40) + "\"");
      return false;
    }
    const auto age = to_seconds(now_) - *seconds;
    if (age > tolerance_.past.count()) {
      find("timestamp", false,
           format("{} is stale: {} s old, at most {} s are accepted; a replay, or your clock is fast", name, age,
                  tolerance_.past.count()));
      return false;
    }
    if (-age > tolerance_.future.count()) {
      find("timestamp", false,
           format("{} lies {} s in the future, at most {} s are accepted; is your clock slow?", name, -age,
                  tolerance_.future.count()));
      return false;
    }
    find("timestamp", true, format("{} is fresh ({} s old)", name, age));
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
    for (const auto& secret : secrets_) {
      if (trim(secret).size() != secret.size() && matches(form, id_of(form), timestamp_of(form), trim(secret))) {
        find("secret", false, "the secret has blanks or a line end around it: without them the signature verifies");
        return true;
      }
    }
    for (const auto other : kForms) {
      if (is_accepted(other, accepted_) || signature_header_of(other) != signature_header_of(form) || !matches(other))
        continue;
      find("signature", false,
           std::string(signature_header_of(form)) + " holds the form " + std::string(name_of(other)) +
               ", which is not accepted here: accept it, or change the endpoint's setting");
      return true;
    }
    return false;
  }

  void explain_standard() {
    const auto id = value("webhook-id");
    const auto timestamp = value("webhook-timestamp");
    const auto entri_timestamp = value("Entri-Timestamp");
    const auto event_id = event_id_of(body_);
    for (const auto& secret : secrets_) {
      if (matches(Form::kStandard, id, entri_timestamp, secret)) {
        return find(
            "timestamp", false,
            "webhook-timestamp was changed after signing: with the value of Entri-Timestamp the signature verifies");
      }
      if (event_id && matches(Form::kStandard, *event_id, timestamp, secret)) {
        return find("id", false,
                    "webhook-id was changed after signing: with the body's event_id the signature verifies");
      }
    }
    if (matches(Form::kV2) || matches(Form::kV2Hmac)) {
      return find("body", false,
                  "the body was changed or re-serialised after signing: secret and timestamp are right "
                  "(Entri-Signature-V2 agrees), but "
                  "webhook-signature covers other bytes; verify the raw body as received, before parsing");
    }
    find("secret", false,
         "webhook-signature does not verify and no other signature agrees: most likely this is not the secret it was "
         "made with");
  }

  void explain_entri(Form form) {
    for (const auto& secret : secrets_) {
      if (has_timestamp(form) && matches(form, id_of(form), value("webhook-timestamp"), secret)) {
        return find(
            "timestamp", false,
            "Entri-Timestamp was changed after signing: with the value of webhook-timestamp the signature verifies");
      }
    }
    if (matches(Form::kStandard)) {
      return find("signature", false,
                  std::string(signature_header_of(form)) +
                      " is damaged or made with another secret: webhook-signature of the same message verifies");
    }
    if (form == Form::kV1OfBody && (matches(Form::kV2) || matches(Form::kV2Hmac))) {
      return find("body", false,
                  "the body was changed or re-serialised after signing: the secret is right (Entri-Signature-V2 "
                  "agrees); verify the raw body");
    }
    if (has_timestamp(form) && (matches(Form::kV1) || matches(Form::kV1OfBody))) {
      return find(
          "timestamp", false,
          "the secret and the id are right (Entri-Signature agrees): Entri-Timestamp was changed after signing");
    }
    find("secret", false,
         std::string(signature_header_of(form)) +
             " does not verify and no other signature agrees: most likely this is not the secret it was made with, or "
             "the "
             "body's id was changed");
  }

  const std::vector<net::Header>& headers_;
  std::string_view body_;
  std::span<const std::string> secrets_;
  Time now_;
  AcceptedForms accepted_;
  Tolerance tolerance_;
  Result<std::string> flow_id_;
  Verification verification_;
};

}  // namespace

Verification verify(const std::vector<net::Header>& headers, std::string_view body,
                    const std::vector<std::string>& secrets, Time now, const AcceptedForms& accepted,
                    const Tolerance& tolerance) {
  return Inspection(headers, body, secrets, now, accepted, tolerance).run();
}

ReplayGuard::Seen ReplayGuard::note(std::string_view id, std::string_view timestamp, std::string_view body, Time now) {
  forget(now);
  // The lengths keep one pair of id and timestamp from being spelled as another.
  std::string key =
      crypto::sha256(format("{}:{}:{}:{}:", id.size(), id, timestamp.size(), timestamp) + crypto::sha256(body));
  if (!keys_.insert(key).second) return Seen::kAgain;
  entries_.push_back({std::move(key), now + window_});
  if (entries_.size() > entries_max_) {
    keys_.erase(entries_.front().key);
    entries_.pop_front();
  }
  return Seen::kFirst;
}

void ReplayGuard::forget(Time now) {
  while (!entries_.empty() && entries_.front().forget_at < now) {
    keys_.erase(entries_.front().key);
    entries_.pop_front();
  }
}

}  // namespace signpost::services
