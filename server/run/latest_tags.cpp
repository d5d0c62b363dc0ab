#include "run/latest_tags.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace slipway::run {

struct LatestTags::Place {
  Place(std::string of, const asio::any_io_executor& loop) : image(std::move(of)), turn(loop, asio::steady_timer::time_point::max()) {}
  std::string image;
  asio::steady_timer turn;  ///< cancelled as a wake-up
};

std::shared_ptr<LatestTags::Place> LatestTags::line_up(const std::string& image) {
  auto place = std::make_shared<Place>(image, loop_);
  lines_[image].push_back(place);
  return place;
}

Task<bool> LatestTags::move(std::shared_ptr<Place> place, Digest digest) {
  auto& line = lines_.at(place->image);
  while (line.front() != place) {
    boost::system::error_code woken;
    co_await place->turn.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  const bool is_newest = line.size() == 1;
  std::exception_ptr failed;
  try {
    if (is_newest) co_await registry_.tag(place->image, digest, "latest");
  } catch (...) {
    failed = std::current_exception();  // those behind go on all the same
  }
  line.pop_front();
  if (line.empty()) lines_.erase(place->image);
  else line.front()->turn.cancel();
  if (failed) std::rethrow_exception(failed);
  co_return is_newest;
}

}  // namespace slipway::run
