#pragma once

#include <string_view>

namespace slipway::cel {

/// Whether one was most likely typed for the other: but for case, at most two letters are different, and few of them all.
bool nearly(std::string_view a, std::string_view b);

/// Upper and lower case of ASCII letters being the same.
bool same_but_for_case(std::string_view a, std::string_view b);

}  // namespace slipway::cel
