#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include "io/descriptor.hpp"

namespace slipway::git {

/// A TCP connection. Every wait ends at the deadline of the thread's Operation, or when that is cancelled. Calls return false
/// or a negative number on failure and record the reason in the Operation; failures never throw, since the callers are C.
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
  /// Waits until the socket is ready for `events` (poll(2)); false at the deadline.
  bool wait(short events);
  /// Records `host:port: what` in the Operation and as libgit2's last error; returns false.
  bool fail(const std::string& what);

 private:
  bool connect_to(const addrinfo& address);
  std::string host_, port_;
  io::Descriptor fd_;
};

}  // namespace slipway::git
