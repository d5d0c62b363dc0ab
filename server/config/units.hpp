#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::config {

/// `90s`, `30m`, `1h30m`, `250ms`, `7d`; nullopt for anything else, including negative values and more than 100 years.
std::optional<std::chrono::milliseconds> duration_from(std::string_view text);
/// The shortest of these spellings.
std::string text_of(std::chrono::milliseconds duration);

/// Bytes: `512`, `64Ki`, `32MiB`, `16Gi`, `1G` (with `i` powers of 1024, without it of 1000).
std::optional<std::uint64_t> size_from(std::string_view text);
std::string size_text(std::uint64_t bytes);

/// Thousandths of a core: `500m`, `2`, `0.5`.
std::optional<std::uint64_t> cpu_from(std::string_view text);
std::string cpu_text(std::uint64_t thousandths);

}  // namespace slipway::config
