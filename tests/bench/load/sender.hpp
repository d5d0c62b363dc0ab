#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "io/descriptor.hpp"
#include "bench/load/pushes.hpp"

namespace slipway::bench {

/// What came of sending pushes.
struct Sent {
  double seconds = 0;
  std::size_t answers = 0, non_2xx = 0, duplicates = 0, broken = 0;
  std::map<int, std::size_t> statuses;
  std::vector<float> milliseconds;  ///< of each answer, sorted
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
  double percentile(double which) const {
    if (milliseconds.empty()) return 0;
    return milliseconds[std::min(milliseconds.size() - 1, static_cast<std::size_t>(which * static_cast<double>(milliseconds.size())))];
  }
};

/// Sends pushes [first, last) over keep-alive connections on one thread, as fast as they are answered, or at a fixed rate: then
/// a push's time counts from when it was due, whether a connection was free or not.
class Sender {
 public:
  using Steady = std::chrono::steady_clock;

  Sender(const Pushes& pushes, std::uint16_t port, std::size_t connections) : pushes_(pushes), port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    lines_.resize(connections);
    for (std::size_t i = 0; i < connections; ++i) open(i);
  }

  Sent send(std::size_t first, std::size_t last, double rate = 0) {
    next_ = first;
    last_ = last;
    sent_ = Sent();
    sent_.milliseconds.reserve(last - first);
    interval_ = rate > 0 ? std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(1 / rate)) : Steady::duration::zero();
    const auto start = Steady::now();
    due_ = start;
    std::size_t busy = 0;
    while (next_ < last_ || busy > 0) {
      start_what_is_due();
      wait();
      busy = static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [](const Line& line) { return line.busy; }));
    }
    sent_.seconds = std::chrono::duration<double>(Steady::now() - start).count();
    std::sort(sent_.milliseconds.begin(), sent_.milliseconds.end());
    return std::move(sent_);
  }

 private:
  struct Line {
    io::Descriptor socket;
    std::string out, in;
    std::size_t written = 0;
    bool busy = false;
    Steady::time_point began;
  };

  void open(std::size_t index) {
    Line& line = lines_[index];
    line = Line();
    line.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(line.socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("no connection");
    const int on = 1;
    ::setsockopt(line.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(line.socket.get(), F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = index;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, line.socket.get(), &event);
  }

  void start_what_is_due() {
    for (Line& line : lines_) {
      if (next_ >= last_) return;
      if (!line.busy && !start(line)) return;
    }
  }

  // False when the next push is not due yet.
  bool start(Line& line) {
    const auto now = Steady::now();
    if (interval_.count() > 0 && due_ > now) return false;
    line.began = interval_.count() > 0 ? due_ : now;
    due_ += interval_;
    pushes_.write(next_++, line.out);
    line.in.clear();
    line.written = 0;
    line.busy = true;
    write(line);
    return true;
  }

  void write(Line& line) {
    while (line.written < line.out.size()) {
      const ssize_t count = ::send(line.socket.get(), line.out.data() + line.written, line.out.size() - line.written, MSG_NOSIGNAL);
      if (count <= 0) return;
      line.written += static_cast<std::size_t>(count);
    }
  }

  void wait() {
    std::array<epoll_event, 256> events;
    timespec patience{0, 50'000'000};
    if (interval_.count() > 0 && next_ < last_) {
      const auto left = std::clamp<Steady::duration>(due_ - Steady::now(), Steady::duration::zero(), std::chrono::milliseconds(50));
      patience.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    }
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &patience, nullptr);
    for (int i = 0; i < count; ++i) handle(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
  }

  void handle(std::size_t index) {
    Line& line = lines_[index];
    if (line.busy && line.written < line.out.size()) write(line);
    char buffer[16 * 1024];
    for (;;) {
      const ssize_t count = ::recv(line.socket.get(), buffer, sizeof buffer, 0);
      if (count > 0) {
        line.in.append(buffer, static_cast<std::size_t>(count));
        take_answer(line);
        continue;
      }
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (line.busy) ++sent_.broken;
      open(index);
      return;
    }
  }

  void take_answer(Line& line) {
    const auto end = line.in.find("\r\n\r\n");
    if (!line.busy || end == std::string::npos) return;
    std::string head = line.in.substr(0, end + 2);
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto length_at = head.find("\r\ncontent-length: ");
    const std::size_t length = length_at == std::string::npos ? 0 : std::stoul(head.substr(length_at + 18));
    if (line.in.size() < end + 4 + length) return;
    const int status = std::stoi(head.substr(9, 3));
    const std::chrono::duration<float, std::milli> took = Steady::now() - line.began;
    sent_.milliseconds.push_back(took.count());
    ++sent_.answers;
    ++sent_.statuses[status];
    if (status < 200 || status > 299) ++sent_.non_2xx;
    // Said before the reasons, which are thousands of bytes: the sender shares the machine with what it measures.
    const std::string_view begin = std::string_view(line.in).substr(end + 4, 1000);
    if (begin.find("\"duplicate\":true") != std::string_view::npos) ++sent_.duplicates;
    line.busy = false;
    if (next_ < last_) start(line);
  }

  const Pushes& pushes_;
  std::uint16_t port_;
  io::Descriptor epoll_;
  std::vector<Line> lines_;
  std::size_t next_ = 0, last_ = 0;
  Steady::duration interval_{};
  Steady::time_point due_;
  Sent sent_;
};

}  // namespace slipway::bench
