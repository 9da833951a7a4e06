// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront_document.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "base/text.h"

namespace signpost::cloud {
namespace {

constexpr const char* kNamespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
// What is between the elements we know comes back as it was: blanks, comments, CDATA sections, declarations.
constexpr unsigned kParse = pugi::parse_full | pugi::parse_ws_pcdata;

// AWS's managed policies ("Use managed cache policies", "Use managed origin request policies"): the same ids
// everywhere.
constexpr const char* kCachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6";
constexpr const char* kCachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
constexpr const char* kAllViewer = "216adef6-5c7f-47e4-b989-5492eafa07d3";
constexpr const char* kAllViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

constexpr const char* kCustomerOrigin = "customer";
constexpr const char* kPagesOrigin = "pages";
constexpr const char* kMinimumProtocol = "TLSv1.2_2021";

struct Sink final : pugi::xml_writer {
  std::string out;
  void write(const void* data, std::size_t size) override { out.append(static_cast<const char*>(data), size); }
};

std::string print(const pugi::xml_document& document) {
  Sink sink;
  document.save(sink, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(sink.out);
}

/// The root of that name, of an answer that says it is XML.
Result<pugi::xml_node> load(pugi::xml_document& document, std::string_view xml, const char* root) {
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParse, pugi::encoding_utf8);
  if (!parsed)
    return fail(Kind::kProtocol,
                format("the answer of CloudFront is not XML: {} at byte {}", parsed.description(), parsed.offset));
  const auto node = document.child(root);
  if (!node) return fail(Kind::kProtocol, format("the answer of CloudFront is not a {}", root));
  return node;
}

std::string text_of(const pugi::xml_node& parent, const char* name) {
  return std::string(trim(parent.child(name).text().get()));
}
bool flag_of(const pugi::xml_node& parent, const char* name) { return text_of(parent, name) == "true"; }

std::vector<std::string> items_of(const pugi::xml_node& list, const char* item) {
  std::vector<std::string> out;
  for (const auto& node : list.child("Items").children(item)) out.emplace_back(trim(node.text().get()));
  return out;
}

pugi::xml_node put(pugi::xml_node parent, const char* name, std::string_view text) {
  auto node = parent.append_child(name);
  node.text().set(std::string(text).c_str());
  return node;
}
pugi::xml_node put_list(pugi::xml_node parent, const char* name, const char* item,
                        const std::vector<std::string>& values) {
  auto list = parent.append_child(name);
  put(list, "Quantity", std::to_string(values.size()));
  if (values.empty()) return list;
  auto items = list.append_child("Items");
  for (const auto& value : values) put(items, item, value);
  return list;
}

/// Sets the text of a child, and makes it where it is missing.
void set_text(pugi::xml_node parent, const char* name, std::string_view text) {
  auto node = parent.child(name);
  if (!node) node = parent.append_child(name);
  node.text().set(std::string(text).c_str());
}

ViewerCertificate certificate_of(const pugi::xml_node& config) {
  const auto node = config.child("ViewerCertificate");
  return {.acm_arn = text_of(node, "ACMCertificateArn"),
          .is_default = !node || flag_of(node, "CloudFrontDefaultCertificate"),
          .ssl_support = text_of(node, "SSLSupportMethod"),
          .minimum_protocol = text_of(node, "MinimumProtocolVersion")};
}

std::vector<std::string> aliases_of(const pugi::xml_node& config) { return items_of(config.child("Aliases"), "CNAME"); }

/// An element without children where the old one stood, or at the end.
pugi::xml_node fresh_child(pugi::xml_node parent, const char* name) {
  const auto old = parent.child(name);
  if (!old) return parent.append_child(name);
  const auto fresh = parent.insert_child_before(name, old);
  parent.remove_child(old);
  return fresh;
}

void write_aliases(pugi::xml_node config, const std::vector<std::string>& aliases) {
  auto list = config.child("Aliases");
  if (!list) list = config.append_child("Aliases");
  set_text(list, "Quantity", std::to_string(aliases.size()));
  if (aliases.empty()) {
    list.remove_child("Items");
    return;
  }
  auto items = list.child("Items");
  if (!items) items = list.append_child("Items");
  // Element by element: what else stands in the list stays.
  for (auto node = items.child("CNAME"); node;) {
    const auto next = node.next_sibling("CNAME");
    if (std::ranges::find(aliases, trim(node.text().get())) == aliases.end()) items.remove_child(node);
    node = next;
  }
  const auto there = items_of(list, "CNAME");
  for (const auto& alias : aliases) {
    if (std::ranges::find(there, alias) == there.end()) put(items, "CNAME", alias);
  }
}

void write_origin(pugi::xml_node items, const char* id, const DistributionOrigin& from) {
  auto origin = items.append_child("Origin");
  put(origin, "Id", id);
  put(origin, "DomainName", from.host);
  put(origin, "OriginPath", "");
  put(origin.append_child("CustomHeaders"), "Quantity", "0");
  auto custom = origin.append_child("CustomOriginConfig");
  put(custom, "HTTPPort", "80");
  put(custom, "HTTPSPort", "443");
  put(custom, "OriginProtocolPolicy", "https-only");
  put_list(custom, "OriginSslProtocols", "SslProtocol", {"TLSv1.2"});
}

void write_behaviour(pugi::xml_node behaviour, const char* origin, DistributionOrigin::AsksFor asks_for,
                     const char* cache_policy) {
  put(behaviour, "TargetOriginId", origin);
  put(behaviour, "ViewerProtocolPolicy", "redirect-to-https");
  auto methods =
      put_list(behaviour, "AllowedMethods", "Method", {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"});
  put_list(methods, "CachedMethods", "Method", {"GET", "HEAD"});
  put(behaviour, "Compress", "true");
  put(behaviour, "CachePolicyId", cache_policy);
  put(behaviour, "OriginRequestPolicyId",
      asks_for == DistributionOrigin::AsksFor::kViewerHost ? kAllViewer : kAllViewerExceptHostHeader);
}

}  // namespace

struct DistributionDocument::Tree {
  pugi::xml_document document;
  pugi::xml_node config() const { return document.child("DistributionConfig"); }
};

DistributionDocument::DistributionDocument(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
DistributionDocument::DistributionDocument(DistributionDocument&&) noexcept = default;
DistributionDocument& DistributionDocument::operator=(DistributionDocument&&) noexcept = default;
DistributionDocument::~DistributionDocument() = default;

Result<DistributionDocument> DistributionDocument::parse(std::string_view xml) {
  auto tree = std::make_unique<Tree>();
  const auto config = TRY(load(tree->document, xml, "DistributionConfig"));
  if (text_of(config, "CallerReference").empty())
    return fail(Kind::kProtocol, "the configuration that CloudFront answers has no CallerReference");
  return DistributionDocument(std::move(tree));
}

std::string DistributionDocument::xml() const { return print(tree_->document); }
std::string DistributionDocument::caller_reference() const { return text_of(tree_->config(), "CallerReference"); }
std::string DistributionDocument::comment() const { return tree_->config().child("Comment").text().get(); }
bool DistributionDocument::is_enabled() const { return flag_of(tree_->config(), "Enabled"); }
std::vector<std::string> DistributionDocument::aliases() const { return aliases_of(tree_->config()); }
bool DistributionDocument::has_alias(std::string_view host) const {
  const auto all = aliases();
  return std::ranges::find(all, host) != all.end();
}
ViewerCertificate DistributionDocument::viewer_certificate() const { return certificate_of(tree_->config()); }

Result<void> DistributionDocument::add_alias(const HostName& host) {
  auto all = aliases();
  if (has_alias(host.text())) return {};
  if (all.size() >= kAliasesMax)
    return fail(Kind::kUnprocessable,
                format("a distribution may have {} aliases: use another one for {}", kAliasesMax, host.text()));
  all.push_back(host.text());
  write_aliases(tree_->config(), all);
  return {};
}

void DistributionDocument::remove_alias(const HostName& host) {
  auto all = aliases();
  if (std::erase(all, host.text()) > 0) write_aliases(tree_->config(), all);
}

Result<void> DistributionDocument::set_certificate(const Arn& certificate) {
  if (certificate.service() != "acm" || certificate.region() != kCloudFrontRegion)
    return fail(Kind::kUnprocessable,
                format("CloudFront takes certificates of ACM in {} only, and {} is not one: make or import it there",
                       kCloudFrontRegion, certificate.text()));
  const auto before = viewer_certificate();
  const bool is_kept = !before.is_default && !before.ssl_support.empty() && !before.minimum_protocol.empty();
  auto node = fresh_child(tree_->config(), "ViewerCertificate");
  put(node, "CloudFrontDefaultCertificate", "false");
  put(node, "ACMCertificateArn", certificate.text());
  put(node, "SSLSupportMethod", is_kept ? before.ssl_support : "sni-only");
  put(node, "MinimumProtocolVersion", is_kept ? before.minimum_protocol : kMinimumProtocol);
  return {};
}

Result<void> DistributionDocument::set_default_certificate() {
  if (!aliases().empty())
    return fail(Kind::kConflict,
                "a distribution with aliases needs a certificate that covers them: take the aliases off first");
  put(fresh_child(tree_->config(), "ViewerCertificate"), "CloudFrontDefaultCertificate", "true");
  return {};
}

void DistributionDocument::set_enabled(bool is_enabled) {
  set_text(tree_->config(), "Enabled", is_enabled ? "true" : "false");
}

Result<Distribution> parse_distribution(std::string_view xml) {
  pugi::xml_document document;
  const auto root = TRY(load(document, xml, "Distribution"));
  const auto config = root.child("DistributionConfig");
  const auto status = text_of(root, "Status");
  if (!config || (status != "Deployed" && status != "InProgress"))
    return fail(Kind::kProtocol,
                format("CloudFront answers a distribution with the status \"{}\"", printable(status, 40)));
  Distribution distribution{.id = TRY(DistributionId::parse(text_of(root, "Id"))),
                            .arn = TRY(Arn::parse(text_of(root, "ARN")))};
  distribution.domain_name = to_lower(TRY(DnsName::parse(text_of(root, "DomainName"))).text());
  distribution.is_deployed = status == "Deployed";
  distribution.is_enabled = flag_of(config, "Enabled");
  distribution.caller_reference = text_of(config, "CallerReference");
  distribution.aliases = aliases_of(config);
  distribution.certificate = certificate_of(config);
  return distribution;
}

Result<std::vector<ConflictingAlias>> parse_conflicting_aliases(std::string_view xml) {
  pugi::xml_document document;
  const auto root = TRY(load(document, xml, "ConflictingAliasesList"));
  std::vector<ConflictingAlias> out;
  for (const auto& node : root.child("Items").children("ConflictingAlias"))
    out.push_back({text_of(node, "Alias"), text_of(node, "DistributionId"), text_of(node, "AccountId")});
  return out;
}

Result<std::vector<AwsTag>> parse_tags(std::string_view xml) {
  pugi::xml_document document;
  const auto root = TRY(load(document, xml, "Tags"));
  std::vector<AwsTag> out;
  for (const auto& node : root.child("Items").children("Tag"))
    out.push_back({node.child("Key").text().get(), node.child("Value").text().get()});
  return out;
}

AwsCaller::Fault parse_cloudfront_fault(const net::HttpReply& reply) {
  pugi::xml_document document;
  const auto root = load(document, reply.body, "ErrorResponse");
  if (!root) return {};
  const auto error = root->child("Error");
  return {text_of(error, "Code"), text_of(error, "Message")};
}

std::string write_new_distribution(const NewDistribution& from) {
  pugi::xml_document document;
  auto root = document.append_child("DistributionConfigWithTags");
  root.append_attribute("xmlns").set_value(kNamespace);
  auto config = root.append_child("DistributionConfig");
  put(config, "CallerReference", from.caller_reference);
  put(config.append_child("Aliases"), "Quantity", "0");
  put(config, "DefaultRootObject", "");
  auto origins = config.append_child("Origins");
  put(origins, "Quantity", "2");
  auto origin_items = origins.append_child("Items");
  write_origin(origin_items, kCustomerOrigin, from.customer);
  write_origin(origin_items, kPagesOrigin, from.pages);
  // What the customer's pages may be kept for is theirs to say, and shops say it badly: nothing is. Ours say it well.
  write_behaviour(config.append_child("DefaultCacheBehavior"), kCustomerOrigin, from.customer.asks_for,
                  kCachingDisabled);
  auto behaviours = config.append_child("CacheBehaviors");
  put(behaviours, "Quantity", std::to_string(from.pages_paths.size()));
  if (!from.pages_paths.empty()) {
    auto items = behaviours.append_child("Items");
    for (const auto& path : from.pages_paths) {
      auto behaviour = items.append_child("CacheBehavior");
      put(behaviour, "PathPattern", path);
      write_behaviour(behaviour, kPagesOrigin, from.pages.asks_for, kCachingOptimized);
    }
  }
  put(config, "Comment", from.comment);
  put(config, "PriceClass", "PriceClass_All");
  put(config, "Enabled", "true");
  put(config.append_child("ViewerCertificate"), "CloudFrontDefaultCertificate", "true");
  put(config, "HttpVersion", "http2");
  put(config, "IsIPV6Enabled", "true");
  auto tags = root.append_child("Tags").append_child("Items");
  for (const auto& tag : from.tags) {
    auto node = tags.append_child("Tag");
    put(node, "Key", tag.key);
    put(node, "Value", tag.value);
  }
  return print(document);
}

}  // namespace signpost::cloud
