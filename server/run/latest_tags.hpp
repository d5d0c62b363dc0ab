#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "build/registry.hpp"
#include "io/task.hpp"

namespace slipway::run {

/// Moves the images' `latest` to what was handed off: one move at a time for each image, in the order of the hand-offs. Used on the loop.
class LatestTags {
 public:
  LatestTags(build::Registry& registry, asio::any_io_executor loop) : registry_(registry), loop_(std::move(loop)) {}

  struct Place;
  /// A place in the image's line. Take it in the order of the hand-offs, and move with it, or those behind it wait forever.
  std::shared_ptr<Place> line_up(const std::string& image);
  /// Moves `latest` to the digest when it is its turn. False: it is left to a later hand-off that stands in the line already. Throws what
  /// the registry throws. Not to be cancelled.
  Task<bool> move(std::shared_ptr<Place> place, Digest digest);

 private:
  build::Registry& registry_;
  asio::any_io_executor loop_;
  std::map<std::string, std::deque<std::shared_ptr<Place>>> lines_;  ///< by image
};

}  // namespace slipway::run
