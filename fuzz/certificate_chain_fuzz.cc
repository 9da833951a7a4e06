// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a chain in PEM, and as the DER inside of one block: what is taken is within the limits, is written so
// that it reads the same again, and can be asked anything.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/certificate_chain.h"

namespace {

using namespace signpost;
using crypto::CertificateChain;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read(std::string_view pem) {
  const auto chain = CertificateChain::parse(pem);
  if (!chain) return expect(!chain.error().message.empty() && is_valid_utf8(chain.error().message));
  const auto& all = chain->certificates();
  expect(!all.empty() && all.size() <= CertificateChain::certificates_max);
  for (const auto& one : all) {
    expect(one.names.size() <= CertificateChain::names_max && one.fingerprint.size() == 64);
    expect(is_valid_utf8(one.subject) && is_valid_utf8(one.issuer) && is_valid_utf8(one.issuer_name));
    for (const auto& name : one.names) expect(one.covers(name));
  }
  (void)chain->check_order();
  (void)chain->check_times(from_ms(0));
  expect(chain->check_names(chain->leaf().names).has_value());
  const auto id = chain->renewal_id();
  expect(id.has_value() != chain->leaf().authority_key_id.empty());
  const auto again = CertificateChain::parse(chain->pem());
  expect(again.has_value() && again->pem() == chain->pem() && again->leaf().fingerprint == chain->leaf().fingerprint);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  auto base64 = to_base64(text);
  for (std::size_t at = 64; at < base64.size(); at += 65) base64.insert(at, 1, '\n');
  read(format("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64));
  return 0;
}
