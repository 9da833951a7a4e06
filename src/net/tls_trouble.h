// SPDX-License-Identifier: Apache-2.0
//
// Why a receiver's TLS did not come about: a stable code for programs, and a sentence with the way out for its owner.
// Pure functions over OpenSSL's verdicts; any thread. Only the post connection includes this.
#pragma once

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>

namespace signpost::net {

struct TlsTrouble {
  std::string_view cause;  // "tls_expired"; static
  std::string_view fix;    // "the certificate has expired: renew it"; static
};

/// What the handshake that failed with `error` stumbled over: the certificate first, then what either side said.
TlsTrouble tls_trouble_of(const SSL* ssl, const boost::system::error_code& error);
/// The same of an error after the handshake (TLS 1.3 tells a client only then that its certificate is missing); an
/// empty cause if it is none of TLS.
TlsTrouble tls_trouble_after(const boost::system::error_code& error);
/// The way out for a code; empty for one that is not of TLS.
std::string_view tls_fix_of(std::string_view cause);

}  // namespace signpost::net
