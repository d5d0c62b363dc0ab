#include "support/prepared_push.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <stdexcept>

#include "base/hex.hpp"
#include "io/descriptor.hpp"

namespace slipway::test {
namespace {

/// A connection that asks once and then again, as HTTP/1.1 allows.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("no connection");
  }

  /// The answer's head and body, the latter as it came.
  std::string ask(const std::string& request) {
    for (std::size_t sent = 0; sent < request.size();) {
      const auto n = ::send(fd_.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the connection broke");
      sent += static_cast<std::size_t>(n);
    }
    std::string answer;
    while (!is_whole(answer)) {
      char buffer[16384];
      const auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) throw std::runtime_error("the answer ends early");
      answer.append(buffer, static_cast<std::size_t>(n));
    }
    return answer;
  }

 private:
  static bool is_whole(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = answer.find("Content-Length: ");
    if (length < end) return answer.size() >= end + 4 + std::stoul(answer.substr(length + 16));
    return answer.ends_with("\r\n0\r\n\r\n");  // chunked
  }

  io::Descriptor fd_;
};

std::string pkt_line(const std::string& text) {
  char length[5];
  std::snprintf(length, sizeof length, "%04zx", text.size() + 4);
  return length + text;
}

std::string head(const std::string& verb, const GitServer& server, const std::string& target, const std::string& more) {
  return verb + " /git/" + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\nAuthorization: Basic " +
         to_base64(server.user() + ":" + server.password()) + "\r\n" + more + "\r\n";
}

}  // namespace

std::vector<PreparedPush> prepare_pushes(const GitRepository& repository, const std::string& file, int count) {
  const TmpDir dir;
  GitRepository scratch(dir / "scratch.git");
  succeed({"git", "clone", "-q", "--bare", repository.folder().string(), scratch.folder().string()});
  scratch.git({"update-ref", "refs/heads/main", repository.head().value()});
  std::filesystem::remove(scratch.folder() / "packed-refs");
  std::vector<PreparedPush> pushes;
  for (int i = 0; i < count; ++i) {
    PreparedPush push;
    push.from = i == 0 ? repository.head() : pushes.back().to;
    push.to = scratch.commit({{file, "image:\n  tag: \"" + std::to_string(10000000 + i) + "\"\n"}});
    const auto pack = scratch.git({"pack-objects", "--stdout", "--revs", "-q"}, push.to.value() + "\n^" + push.from.value() + "\n");
    const std::string command = push.from.value() + " " + push.to.value() + " refs/heads/main";
    push.request = pkt_line(command + std::string(1, '\0') + " report-status side-band-64k agent=prepared") + "0000" + pack;
    pushes.push_back(std::move(push));
  }
  return pushes;
}

void send(const PreparedPush& push, const GitServer& server, const std::string& name) {
  Connection connection(server.port());
  const auto refs = connection.ask(head("GET", server, name + ".git/info/refs?service=git-receive-pack", ""));
  if (refs.find(push.from.value()) == std::string::npos) throw std::runtime_error("the server is not where the push begins: " + refs);
  const auto answer = connection.ask(head("POST", server, name + ".git/git-receive-pack",
                                          "Content-Type: application/x-git-receive-pack-request\r\nAccept: application/x-git-receive-pack-result\r\nContent-Length: " +
                                              std::to_string(push.request.size()) + "\r\n") +
                                     push.request);
  if (answer.find("ok refs/heads/main") == std::string::npos) throw std::runtime_error("the push was not taken: " + answer);
}

}  // namespace slipway::test
