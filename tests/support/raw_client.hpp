#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "io/descriptor.hpp"

namespace slipway::test {

struct RawResponse {
  int status = 0;  ///< 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  ///< names as sent
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// A blocking connection to loopback that sends exactly the bytes it is told to: what an HTTP client would never let out.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("no connection");
  }

  /// False when the other side does not take it any more.
  bool send(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    return true;
  }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void reset() { socket_.reset(); }

  /// The next answer, waiting for it for at most 20 s. Chunked bodies are put together.
  RawResponse receive() {
    RawResponse response;
    std::size_t end;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some()) return response;
    }
    parse_head(received_.substr(0, end + 2), response);
    received_.erase(0, end + 4);
    if (response.status == 100) return receive();
    response.body = response.header("Transfer-Encoding") == "chunked" ? take_chunks() : take(length_of(response));
    return response;
  }
  /// Sends and receives.
  RawResponse exchange(const std::string& bytes) {
    send(bytes);
    return receive();
  }
  /// True when the other side has closed the connection and nothing more came.
  bool is_closed() {
    while (received_.empty()) {
      if (!read_some()) return true;
    }
    return false;
  }
  /// Whatever comes until `text` is in it.
  bool wait_for(const std::string& text) {
    while (received_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }

 private:
  bool read_some() {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 20'000) != 1) throw std::runtime_error("no answer within 20 s");
    char buffer[16 * 1024];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  static void parse_head(const std::string& head, RawResponse& response) {
    response.status = std::stoi(head.substr(9, 3));
    for (auto line = head.find("\r\n") + 2; line < head.size();) {
      const auto end = head.find("\r\n", line), colon = head.find(": ", line);
      response.headers[head.substr(line, colon - line)] = head.substr(colon + 2, end - colon - 2);
      line = end + 2;
    }
  }
  static std::size_t length_of(const RawResponse& response) {
    const auto length = response.header("Content-Length");
    return length.empty() ? 0 : std::stoul(length);
  }
  std::string take(std::size_t length) {
    while (received_.size() < length) {
      if (!read_some()) break;
    }
    const std::string bytes = received_.substr(0, length);
    received_.erase(0, length);
    return bytes;
  }
  std::string take_chunks() {
    std::string body;
    for (;;) {
      while (received_.find("\r\n") == std::string::npos) {
        if (!read_some()) return body + "<cut>";
      }
      const auto end = received_.find("\r\n");
      const std::size_t size = std::stoul(received_.substr(0, end), nullptr, 16);
      received_.erase(0, end + 2);
      body += take(size);
      take(2);
      if (size == 0) return body;
    }
  }

  io::Descriptor socket_;
  std::string received_;
};

}  // namespace slipway::test
