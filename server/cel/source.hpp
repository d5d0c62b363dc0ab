#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::cel {

/// The text of one expression and its position in its file.
class Source {
 public:
  Source(std::string_view text, Position where);

  const std::string& text() const noexcept { return text_; }
  /// The position, in the expression's file, of a byte offset.
  Position position(std::size_t offset) const;
  /// `what` plus the line at the offset with a caret below it.
  Error error(std::size_t offset, std::string_view what) const;

 private:
  std::string text_;
  Position where_;
};

}  // namespace slipway::cel
