#pragma once

#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// A YAML mapping as sigs.k8s.io/yaml decodes it into a map of JSON values: YAML 1.1 scalars (`yes` is true, `010` is 8), numbers as
/// doubles, the last of equal keys, merge keys, the first document only. Empty text is {}; anything else at the top is an error.
Result<Value> parse_yaml(std::string_view text);

}  // namespace slipway::cel
