#pragma once

#include <memory>

#include "git/socket.hpp"

struct ssl_st;

namespace slipway::git {

/// TLS (1.2 or newer) on a connected Socket, with the same error reporting. The peer's certificate is verified against the system's
/// CAs and the host name, unless the thread's Operation is insecure.
class Tls {
 public:
  Tls();
  ~Tls();
  bool handshake(Socket& socket);
  long read(Socket& socket, void* into, std::size_t size);
  bool write_all(Socket& socket, const char* bytes, std::size_t size);

 private:
  bool wait_for(Socket& socket, int result, const char* doing);
  struct Free {
    void operator()(ssl_st* session) const noexcept;
  };
  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace slipway::git
