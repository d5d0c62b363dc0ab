#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::config {

/// `90s`, `30m`, `1h30m`, `250ms`, `7d`; nothing for anything else, negative or beyond 100 years.
std::optional<std::chrono::milliseconds> duration_from(std::string_view text);
/// The shortest of those spellings.
std::string text_of(std::chrono::milliseconds duration);

/// `512`, `64Ki`, `32MiB`, `16Gi`, `1G` (powers of 1024 with `i`, of 1000 without); bytes.
std::optional<std::uint64_t> size_from(std::string_view text);
std::string size_text(std::uint64_t bytes);

/// `500m` or `2` or `0.5`: thousandths of a core.
std::optional<std::uint64_t> cpu_from(std::string_view text);
std::string cpu_text(std::uint64_t thousandths);

}  // namespace slipway::config
