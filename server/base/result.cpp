#include "base/result.hpp"

#include <fmt/format.h>

namespace slipway {

std::string Error::text() const {
  if (where_.line > 0 && where_.file.empty()) return fmt::format("{}:{}: {}", where_.line, where_.column, what_);
  if (where_.line > 0) return fmt::format("{}:{}:{}: {}", where_.file, where_.line, where_.column, what_);
  if (!where_.file.empty()) return fmt::format("{}: {}", where_.file, what_);
  return what_;
}

}  // namespace slipway
