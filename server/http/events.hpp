#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"

namespace slipway::http {

/// The daemon's event stream (`/api/v1/events`, Server-Sent Events). The number of watchers is limited, and so is the backlog of each:
/// a slow watcher loses its oldest events and is told so. Used on the loop; must outlive its watchers.
class Events {
 public:
  explicit Events(boost::asio::any_io_executor executor, std::size_t max_watchers = 32, std::size_t max_waiting = 256);

  /// Sends an event to every watcher. `type`: `run`, `delivery`, `stage`, `hold`, …; `json`: one line.
  void publish(std::string_view type, std::string_view json);
  std::size_t watchers() const noexcept { return watchers_.size(); }
  bool is_full() const noexcept { return watchers_.size() >= max_watchers_; }

  /// Writes events published from now on, until the client disconnects or close() is called. Sends a comment every 15 s as a
  /// keep-alive.
  Task<> follow(BodyWriter& writer);
  /// Ends every follow() once its backlog is written, so that watchers do not delay the daemon's shutdown.
  void close();

 private:
  struct Watcher {
    explicit Watcher(const boost::asio::any_io_executor& executor) : news(executor) {}
    boost::asio::steady_timer news;  ///< cancelled to wake the watcher
    std::deque<std::string> waiting;
    std::uint64_t lost = 0;
  };
  class Place;
  static std::string take(Watcher& watcher);

  boost::asio::any_io_executor executor_;
  std::size_t max_watchers_, max_waiting_;
  std::list<Watcher> watchers_;
  std::uint64_t number_ = 0;
  bool closed_ = false;
};

}  // namespace slipway::http
