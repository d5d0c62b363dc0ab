#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace slipway::git {

/// Ends an operation from another thread: it fails with Unavailable at its next wait, at most 100 ms later.
class CancelFlag {
 public:
  void set() noexcept { set_.store(true, std::memory_order_relaxed); }
  bool is_set() const noexcept { return set_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> set_{false};
};

/// The bounds of one exchange with a server, from its construction to its destruction, for everything that libgit2 does on this
/// thread in between. libgit2 hands its transports no context of the caller, so it is found through the thread; operations do
/// not nest. What goes wrong on the wire is written down here, because libgit2 keeps only its own view of it.
class Operation {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Operation(std::chrono::milliseconds limit, bool insecure, std::shared_ptr<const CancelFlag> cancel);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// The one of this thread; null outside of any.
  static Operation* current() noexcept;

  Deadline deadline() const noexcept { return deadline_; }
  bool insecure() const noexcept { return insecure_; }
  bool is_cancelled() const noexcept { return cancel_ && cancel_->is_set(); }

  /// What broke the connection, once it did: for the message of Unavailable.
  void set_accident(std::string what) {
    if (accident_.empty()) accident_ = std::move(what);
  }
  const std::string& accident() const noexcept { return accident_; }

  /// The beginning of the last answer as it came in, for a server's words that libgit2 drops.
  void begin_answer() noexcept { answer_.clear(); }
  void add_answer(const char* bytes, std::size_t size) {
    if (answer_.size() < answer_bytes_max) answer_.append(bytes, std::min(size, answer_bytes_max - answer_.size()));
  }
  /// True where that answer sends the client elsewhere. libgit2 follows redirects to the same host by itself, another port or
  /// plain HTTP included, and sends the credentials along: the stream ends there instead.
  bool is_redirect() const noexcept { return answer_.size() > 9 && answer_.starts_with("HTTP/1.") && answer_[9] == '3'; }
  /// Its body in one line, cut short; empty for what is no plain text.
  std::string words() const;

 private:
  static constexpr std::size_t answer_bytes_max = 4096;
  Deadline deadline_;
  bool insecure_;
  std::shared_ptr<const CancelFlag> cancel_;
  std::string accident_;
  std::string answer_;
};

}  // namespace slipway::git
