#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include "io/descriptor.hpp"

namespace slipway::git {

/// A TCP connection whose every wait ends at the thread's Operation's deadline, or when that is cancelled. Calls return false
/// or a negative number on failure and write what happened down in the Operation; nothing throws, since C calls it.
class Socket {
 public:
  Socket(std::string host, std::string port) : host_(std::move(host)), port_(std::move(port)) {}
  bool connect();
  /// Bytes read, 0 at the end, -1 on failure.
  long read(void* into, std::size_t size);
  bool write_all(const char* bytes, std::size_t size);
  void close() { fd_.reset(); }

  int fd() const noexcept { return fd_.get(); }
  const std::string& host() const noexcept { return host_; }
  /// Waits until the socket is ready for `events` (poll(2)); false when time is over.
  bool wait(short events);
  /// `host:port: what`, into the Operation and libgit2's last error.
  bool fail(const std::string& what);

 private:
  bool connect_to(const addrinfo& address);
  std::string host_, port_;
  io::Descriptor fd_;
};

}  // namespace slipway::git
