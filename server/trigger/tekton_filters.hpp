#pragma once

#include <optional>
#include <string>

namespace slipway::trigger {

// What a Tekton filter means in slipway, which sees only push events of one branch.

/// Why an expression rejects every event in Tekton and is refused by slipway: it is not valid CEL. Nullopt if it is.
std::optional<std::string> not_cel(const std::string& expression);

/// Like not_cel(), but also rejects an expression that can never be a boolean.
std::optional<std::string> no_condition(const std::string& filter);

/// True if the filter requires a ref other than the one slipway builds, whatever else it requires.
bool demands_another_ref(const std::string& filter);

}  // namespace slipway::trigger
