#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::cel {

/// The text of one expression and where it stands in its file.
class Source {
 public:
  Source(std::string_view text, Position where);

  const std::string& text() const noexcept { return text_; }
  /// The place of a byte offset, in the file that the expression stands in.
  Position position(std::size_t offset) const;
  /// `what` with the line of the offset and a caret under it.
  Error error(std::size_t offset, std::string_view what) const;

 private:
  std::string text_;
  Position where_;
};

}  // namespace slipway::cel
