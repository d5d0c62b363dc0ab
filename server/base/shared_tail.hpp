#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace slipway {

/// The tail of a shared text, passed on without copying.
struct SharedTail {
  std::shared_ptr<const std::string> text;
  std::size_t from = 0;
  std::string_view view() const noexcept { return text == nullptr ? std::string_view() : std::string_view(*text).substr(from); }
};

}  // namespace slipway
