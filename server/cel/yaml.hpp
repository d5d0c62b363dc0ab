#pragma once

#include <string_view>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// A YAML mapping as decoded by sigs.k8s.io/yaml into a map of JSON values: YAML 1.1 scalars (`yes` is true, `010` is
/// 8), numbers as doubles, the last of equal keys wins, merge keys are supported, only the first document is read.
/// Empty text is {}; any other top-level value is an error.
Result<Value> parse_yaml(std::string_view text);

}  // namespace slipway::cel
