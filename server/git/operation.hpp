#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace slipway::git {

/// Cancels an operation from another thread: it fails with Unavailable at its next wait, at most 100 ms later.
class CancelFlag {
 public:
  void set() noexcept { set_.store(true, std::memory_order_relaxed); }
  bool is_set() const noexcept { return set_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> set_{false};
};

/// Deadline, cancellation and error details of one exchange with a server; applies to everything libgit2 does on this thread during
/// its lifetime. libgit2 passes no caller context to its transports, so it is thread-local; operations do not nest. Network errors
/// are recorded here because libgit2 keeps only its own view of them.
class Operation {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Operation(std::chrono::milliseconds limit, bool insecure, std::shared_ptr<const CancelFlag> cancel);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// This thread's operation; null if there is none.
  static Operation* current() noexcept;

  Deadline deadline() const noexcept { return deadline_; }
  bool insecure() const noexcept { return insecure_; }
  bool is_cancelled() const noexcept { return cancel_ && cancel_->is_set(); }

  /// The first thing that broke the connection; for the message of Unavailable.
  void set_accident(std::string what) {
    if (accident_.empty()) accident_ = std::move(what);
  }
  const std::string& accident() const noexcept { return accident_; }

  /// Records the start of the last answer, to preserve server messages that libgit2 drops.
  void begin_answer() noexcept { answer_.clear(); }
  void add_answer(const char* bytes, std::size_t size) {
    if (answer_.size() < answer_bytes_max) answer_.append(bytes, std::min(size, answer_bytes_max - answer_.size()));
  }
  /// True if that answer is a redirect. libgit2 would follow redirects to the same host, even to another port or plain HTTP, and send
  /// the credentials along; so the stream ends instead.
  bool is_redirect() const noexcept { return answer_.size() > 9 && answer_.starts_with("HTTP/1.") && answer_[9] == '3'; }
  /// That answer's message on one line, truncated: a Git ERR line or a plain-text body; else empty.
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
