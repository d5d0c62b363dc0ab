#include "http/events.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace slipway::http {

namespace {
constexpr std::chrono::seconds heartbeat{15};
}

// A watcher's entry in the list, removed however its task ends.
class Events::Place {
 public:
  explicit Place(Events& events) : events_(events), watcher_(events.watchers_.emplace(events.watchers_.end(), events.executor_)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { events_.watchers_.erase(watcher_); }
  Watcher& watcher() noexcept { return *watcher_; }

 private:
  Events& events_;
  std::list<Watcher>::iterator watcher_;
};

Events::Events(boost::asio::any_io_executor executor, std::size_t max_watchers, std::size_t max_waiting)
    : executor_(std::move(executor)), max_watchers_(max_watchers), max_waiting_(max_waiting) {}

void Events::publish(std::string_view type, std::string_view json) {
  ++number_;
  if (watchers_.empty()) return;
  const std::string event = fmt::format("id: {}\nevent: {}\ndata: {}\n\n", number_, type, json);
  for (Watcher& watcher : watchers_) {
    if (watcher.waiting.size() >= max_waiting_) {
      watcher.waiting.pop_front();
      ++watcher.lost;
    }
    watcher.waiting.push_back(event);
    watcher.news.cancel();
  }
}

void Events::close() {
  closed_ = true;
  for (Watcher& watcher : watchers_) watcher.news.cancel();
}

std::string Events::take(Watcher& watcher) {
  std::string text;
  if (watcher.lost > 0) text = fmt::format("event: lost\ndata: {{\"events\":{}}}\n\n", watcher.lost);
  for (const auto& event : watcher.waiting) text += event;
  watcher.waiting.clear();
  watcher.lost = 0;
  return text.empty() ? ": still here\n\n" : text;
}

Task<> Events::follow(BodyWriter& writer) {
  Place place(*this);
  Watcher& watcher = place.watcher();
  std::string text = ": slipway\n\n";
  for (;;) {
    if (!co_await writer.write(text)) co_return;
    if (watcher.waiting.empty() && closed_) co_return;
    if (watcher.waiting.empty()) {
      watcher.news.expires_after(heartbeat);
      boost::system::error_code woken;
      co_await watcher.news.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    text = take(watcher);
  }
}

}  // namespace slipway::http
