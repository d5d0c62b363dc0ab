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

/// What happens in the daemon, for those who watch (`/api/v1/events`, Server-Sent Events). Watchers, and what waits for a slow
/// one, are bounded: who falls behind loses the oldest and is told so. Used on the loop; outlives its watchers.
class Events {
 public:
  explicit Events(boost::asio::any_io_executor executor, std::size_t max_watchers = 32, std::size_t max_waiting = 256);

  /// Tells every watcher. `type`: `run`, `delivery`, `stage`, `hold`, …; `json`: one line.
  void publish(std::string_view type, std::string_view json);
  std::size_t watchers() const noexcept { return watchers_.size(); }
  bool is_full() const noexcept { return watchers_.size() >= max_watchers_; }

  /// Writes what is published from now on, until the client goes or close() is called. A comment every 15 s shows that the line
  /// is alive.
  Task<> follow(BodyWriter& writer);
  /// Ends every watch once what waits for it has been written: the daemon stops, and watchers would hold it up.
  void close();

 private:
  struct Watcher {
    explicit Watcher(const boost::asio::any_io_executor& executor) : news(executor) {}
    boost::asio::steady_timer news;  ///< cancelled, that is woken, when something waits
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
