// SPDX-License-Identifier: Apache-2.0
#include "crypto/certification_request.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/private_key_state.h"
#include "crypto/x509_handle.h"

namespace signpost::crypto {
namespace {

bool is_host_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

bool is_certifiable(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name != "." && std::ranges::all_of(name, is_host_letter);
}

}  // namespace

Result<std::string> make_certification_request(const PrivateKey& key, const std::vector<DnsName>& names) {
  if (names.empty()) return fail(Kind::kUnprocessable, "a certificate needs a name");
  if (names.size() > kRequestNamesMax) {
    return fail(Kind::kUnprocessable,
                format("{} names are too many for one certificate; at most {}", names.size(), kRequestNamesMax));
  }
  std::vector<std::string> texts;
  for (const auto& name : names) {
    if (!is_certifiable(name.text())) {
      return fail(Kind::kUnprocessable, format("no certificate may have the name \"{}\"", printable(name.text())));
    }
    texts.push_back(name.text());
  }
  const ErrorQueueGuard guard;
  auto* const pair = key.state().key.get();
  const X509Request request(checked(X509_REQ_new(), "a request"));
  require(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), "a request");
  require(X509_REQ_set_pubkey(request.get(), pair), "a request");
  const auto all = alternative_names(texts);
  X509_EXTENSIONS* raw = nullptr;
  require(X509V3_add1_i2d(&raw, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT), "names");
  const X509Extensions extensions(raw);
  require(X509_REQ_add_extensions(request.get(), extensions.get()), "names");
  require(X509_REQ_sign(request.get(), pair, EVP_sha256()) > 0 ? 1 : 0, "a signature");
  return der_of(&i2d_X509_REQ, request.get(), "a request");
}

}  // namespace signpost::crypto
