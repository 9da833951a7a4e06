// SPDX-License-Identifier: Apache-2.0
#include "net/testing/scripted_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace signpost::net::testing {

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  TcpEndpoint any(boost::asio::ip::address_v4::loopback(), 0);
  auto size = static_cast<socklen_t>(any.size());
  if (::bind(listener_, any.data(), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, any.data(), &size) != 0) {
    throw std::runtime_error("the scripted server cannot listen");
  }
  endpoint_ = any;
  accepting_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept
  accepting_.join();
  ::close(listener_);
}

void ScriptedServer::serve() {
  for (int descriptor; (descriptor = ::accept(listener_, nullptr, nullptr)) >= 0;) {
    scripts_.emplace_back([this, descriptor, number = connections_++] {
      RawPeer peer(descriptor);
      script_(peer, number);
    });
  }
  for (auto& script : scripts_) script.join();
}

}  // namespace signpost::net::testing
