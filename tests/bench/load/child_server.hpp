#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace slipway::bench {

/// A server in a process of its own, so that it has a core of its own: `serve` is called there with a function that tells its
/// port, and never returns before it is killed.
class ChildServer {
 public:
  using Tell = std::function<void(std::uint16_t)>;

  explicit ChildServer(const std::function<void(const Tell&)>& serve) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ends[0]);
      try {
        serve([&](std::uint16_t port) { static_cast<void>(!::write(ends[1], &port, sizeof port)); });
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    const bool told = ::read(ends[0], &port_, sizeof port_) == sizeof port_;
    ::close(ends[0]);
    if (!told) throw std::runtime_error("the server did not start");
  }
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;
  ~ChildServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  std::uint16_t port() const noexcept { return port_; }
  /// Resident memory in MiB.
  double resident() const {
    char name[64];
    std::snprintf(name, sizeof name, "/proc/%d/statm", pid_);
    std::FILE* file = std::fopen(name, "r");
    long total = 0, pages = 0;
    if (file == nullptr || std::fscanf(file, "%ld %ld", &total, &pages) != 2) pages = 0;
    if (file != nullptr) std::fclose(file);
    return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
  }
  /// Seconds of processor time that it and the children it has waited for have used.
  double processor() const {
    char name[64];
    std::snprintf(name, sizeof name, "/proc/%d/stat", pid_);
    std::FILE* file = std::fopen(name, "r");
    unsigned long used[4] = {};  // user and system time, then the children's: proc(5), fields 14 to 17
    constexpr const char* format = "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu";
    if (file == nullptr || std::fscanf(file, format, &used[0], &used[1], &used[2], &used[3]) != 4) used[0] = 0;
    if (file != nullptr) std::fclose(file);
    return static_cast<double>(used[0] + used[1] + used[2] + used[3]) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  /// Waits until it has nothing left to do; returns the seconds that this took.
  double settle() const {
    constexpr int quiet_rounds = 4;
    constexpr double round = 0.05, idle = 0.011;  // seconds; one tick of the clock
    double took = 0, last = processor();
    for (int quiet = 0; quiet < quiet_rounds; took += round) {
      ::usleep(static_cast<useconds_t>(round * 1e6));
      const double now = processor();
      quiet = now - last <= idle ? quiet + 1 : 0;
      last = now;
    }
    return took - quiet_rounds * round;
  }

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

/// Answers 200 as soon as a request's announced bytes have come, and looks at nothing: the limit of the sender and the kernel.
inline void serve_nothing(const ChildServer::Tell& tell) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener, 1024);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  tell(ntohs(address.sin_port));
  const int epoll = ::epoll_create1(0);
  const auto watch = [&](int file) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = file;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
  };
  watch(listener);
  std::array<std::size_t, 65536> received{};
  static char buffer[64 * 1024];
  constexpr char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int file = events[static_cast<std::size_t>(i)].data.fd;
      if (file == listener) {
        watch(::accept(listener, nullptr, nullptr));
        continue;
      }
      const ssize_t bytes = ::recv(file, buffer, sizeof buffer, 0);
      if (bytes <= 0) {
        ::close(file);
        continue;
      }
      // One request at a time on a connection: it is complete when no more bytes are announced than have come.
      std::size_t& total = received[static_cast<std::size_t>(file)];
      static thread_local std::size_t wanted = 0;
      if (total == 0) {
        const char* end = static_cast<const char*>(::memmem(buffer, static_cast<std::size_t>(bytes), "\r\n\r\n", 4));
        const char* length = static_cast<const char*>(::memmem(buffer, static_cast<std::size_t>(bytes), "Content-Length: ", 16));
        if (end != nullptr && length != nullptr) wanted = static_cast<std::size_t>(end + 4 - buffer) + std::strtoul(length + 16, nullptr, 10);
      }
      total += static_cast<std::size_t>(bytes);
      if (total < wanted) continue;
      total = 0;
      static_cast<void>(!::send(file, answer, sizeof answer - 1, MSG_NOSIGNAL));
    }
  }
}

}  // namespace slipway::bench
