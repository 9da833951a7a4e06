// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/record_value.h"
#include "base/text.h"

namespace signpost::model {

std::string_view name_of(RecordPurpose purpose) {
  switch (purpose) {
    case RecordPurpose::kTraffic:
      return "traffic";
    case RecordPurpose::kCertificate:
      return "certificate";
    case RecordPurpose::kCertificateValidation:
      return "certificate_validation";
  }
  return "";
}

std::optional<RecordPurpose> parse_record_purpose(std::string_view text) {
  for (const auto purpose :
       std::array{RecordPurpose::kTraffic, RecordPurpose::kCertificate, RecordPurpose::kCertificateValidation}) {
    if (name_of(purpose) == text) return purpose;
  }
  return std::nullopt;
}

namespace {

struct Variable {
  std::string_view name;
  std::string value;
  std::string_view missing;  // why it has no value, if it has none
};

std::array<Variable, 6> variables_of(const RecordContext& context) {
  return {
      Variable{"{DOMAIN}", std::string(context.host.domain()), ""},
      Variable{"{SUBDOMAIN}", std::string(context.host.subdomain()), "this host name is an apex and has no subdomain"},
      Variable{"{SLD}", std::string(context.host.second_level()), ""},
      Variable{"{TLD}", std::string(context.host.suffix()), ""},
      Variable{"{CNAME_TARGET}", context.cname_target ? context.cname_target->text() : "",
               "the application has no CNAME target: set it with PATCH /v1/applications/{id} {\"cname_target\": …}"},
      Variable{"{CLAIM_TOKEN}", context.claim_token, ""},
  };
}

/// One pass from left to right; what a variable stands for is not looked at again.
Result<std::string> replace_variables(std::string_view text, const RecordContext& context, std::string_view member) {
  const auto variables = variables_of(context);
  std::string replaced;
  while (!text.empty()) {
    const auto brace = text.find('{');
    replaced += text.substr(0, brace);
    if (brace == std::string_view::npos) break;
    text.remove_prefix(brace);
    const Variable* found = nullptr;
    for (const auto& variable : variables) {
      if (text.starts_with(variable.name)) found = &variable;
    }
    if (found == nullptr) {
      return fail(
          Kind::kUnprocessable,
          format(
              "\"{}\" is not a variable; there are {{DOMAIN}}, {{SUBDOMAIN}}, {{SLD}}, {{TLD}}, {{CNAME_TARGET}} and "
              "{{CLAIM_TOKEN}}, in upper case",
              printable(text.substr(0, text.find('}') == std::string_view::npos ? 20 : text.find('}') + 1), 40)),
          std::string(member));
    }
    if (found->value.empty()) {
      return fail(Kind::kUnprocessable, format("{} has no value: {}", found->name, found->missing),
                  std::string(member));
    }
    replaced += found->value;
    text.remove_prefix(found->name.size());
  }
  return replaced;
}

Result<std::string> host_text(const RecordRequest& request, const RecordContext& context) {
  if (request.host.empty())
    return fail(Kind::kUnprocessable, "host is empty; write \"@\" for the domain itself", "host");
  if (request.host == "{SUBDOMAIN}" && context.host.is_apex()) return std::string("@");
  return replace_variables(request.host, context, "host");
}

/// A record's host may be `@`, relative to the domain, or the full name.
Result<DnsName> absolute_name(std::string_view host, const RecordContext& context) {
  const DnsName domain = TRY(DnsName::parse(context.host.domain()));
  if (host == "@") return domain;
  if (host.find("://") != std::string_view::npos || host.find('/') != std::string_view::npos) {
    return fail(Kind::kUnprocessable,
                format("host \"{}\" is a URL; write \"@\" for {} itself, or what stands before it, such as www",
                       printable(host), domain.text()),
                "host");
  }
  auto name = DnsName::parse(host);
  if (!name) return fail(Kind::kUnprocessable, std::move(name.error().message), "host");
  if (name->is_within(domain)) return *name;
  if (host.ends_with('.')) {
    return fail(Kind::kUnprocessable,
                format("host \"{}\" ends with a dot, so it is a full name, and it is not within {}", printable(host),
                       domain.text()),
                "host");
  }
  auto below = DnsName::parse(format("{}.{}", name->text(), domain.text()));
  if (!below) return fail(Kind::kUnprocessable, std::move(below.error().message), "host");
  return *below;
}

Result<std::string> canonical_value(RecordType type, std::string_view text) {
  if (text.size() > kRecordValueBytesMax) {
    return fail(Kind::kUnprocessable,
                format("value has {} bytes; at most {} are allowed", text.size(), kRecordValueBytesMax), "value");
  }
  return canonical_record_value(type, text);
}

Result<void> check_priority(const RecordRequest& request) {
  if (request.type == RecordType::kMx && !request.priority) {
    return fail(Kind::kUnprocessable, "an MX record needs a priority from 0 to 65535", "priority");
  }
  if (request.type == RecordType::kSrv && request.priority) {
    return fail(Kind::kUnprocessable,
                "the priority of an SRV record is the first number of its value, such as 10 5 443 host.saas.example",
                "priority");
  }
  if (request.type != RecordType::kMx && request.priority) {
    return fail(Kind::kUnprocessable, format("a priority belongs to MX records, not to {}", name_of(request.type)),
                "priority");
  }
  return {};
}

/// RFC 2782: _Service._Proto.Name; whoever looks for the service looks there and nowhere else.
Result<void> check_name(RecordType type, const DnsName& name, const RecordContext& context) {
  const auto labels = split(name.text(), '.');
  const bool has_service = labels.size() > 2 && labels[0].starts_with('_') && labels[1].starts_with('_');
  if (type == RecordType::kSrv && !has_service) {
    return fail(
        Kind::kUnprocessable,
        format("the host of an SRV record begins with service and protocol, such as _sip._tcp.{}", context.host.text()),
        "host");
  }
  return {};
}

Result<void> check_points_elsewhere(const Record& record) {
  const bool points = record.type == RecordType::kCname || record.type == RecordType::kNs;
  if (!points || record.value != record.name.text()) return {};
  return fail(Kind::kUnprocessable, format("the {} at {} would point to itself", name_of(record.type), record.value),
              "value");
}

/// The hosts of one domain may be of different people: whoever may write at another name of it has proven nothing.
bool proves_ownership(const DnsName& name, const std::string& value, const RecordContext& context) {
  const bool has_token = !context.claim_token.empty() && value.contains(context.claim_token);
  return has_token && (name == DnsName(context.host) || name == claim_name(context.host));
}

}  // namespace

DnsName claim_name(const HostName& host) {
  auto name = DnsName::parse(format("{}.{}", kClaimLabel, host.text()));
  // There is always room at the domain: a label and a public suffix.
  return name ? *std::move(name) : DnsName::parse(format("{}.{}", kClaimLabel, host.domain())).value();
}

Result<Record> expand(const RecordRequest& request, const RecordContext& context) {
  TRY_VOID(check_priority(request));
  std::string host = TRY(host_text(request, context));
  DnsName name = TRY(absolute_name(host, context));
  TRY_VOID(check_name(request.type, name, context));
  std::string value = TRY(canonical_value(request.type, TRY(replace_variables(request.value, context, "value"))));
  const bool proves = proves_ownership(name, value, context);
  Record record{.id = {},
                .type = request.type,
                .host = std::move(host),
                .name = std::move(name),
                .value = std::move(value),
                .ttl = request.ttl,
                .priority = request.priority,
                .is_propagated = false,
                .proves_ownership = proves,
                .application_url = request.application_url,
                .power_root_path_access = request.power_root_path_access};
  TRY_VOID(check_points_elsewhere(record));
  return record;
}

}  // namespace signpost::model
