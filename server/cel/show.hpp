#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cel/value.hpp"

namespace slipway::cel {

/// A value for messages: `'main'`, `[1, 2, … 40 more]`, `an object with the fields a, b`. Always short.
std::string show(const Value& value);

/// Text in single quotes, truncated if long, with control characters made visible.
std::string show_text(std::string_view text);

/// `a`, `a or b`, `a, b or c`; of a long list the first `most` and how many more.
std::string show_list(const std::vector<std::string>& items, std::string_view last_word, std::size_t most = 5);

}  // namespace slipway::cel
