// SPDX-License-Identifier: Apache-2.0
#include "net/source_address.h"

#include "base/text.h"

namespace signpost::net {

Result<void> check_source_address(const IpAddress& address) {
  boost::asio::io_context nobody;
  boost::asio::ip::tcp::socket socket(nobody);
  boost::system::error_code error;
  const TcpEndpoint any_port(address, 0);
  socket.open(any_port.protocol(), error);
  if (!error) socket.bind(any_port, error);
  if (!error) return {};
  return fail(Kind::kUnprocessable, format("{} is no address of this machine that connections can leave from: {}",
                                           address.to_string(), error.message()));
}

}  // namespace signpost::net
