#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slipway::cel {

/// Offset in seconds east of UTC at that time in a zone: `Asia/Seoul`, `UTC`, `+09:00`, `-02:30`, `` (UTC). Names are read
/// from the system's zone files (TZif, RFC 8536), never from outside their directory. Nullopt if there is no such zone.
std::optional<std::int64_t> utc_offset(std::string_view zone, std::int64_t seconds);

}  // namespace slipway::cel
