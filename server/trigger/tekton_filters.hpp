#pragma once

#include <optional>
#include <string>

namespace slipway::trigger {

// What an original's filter means here, where push events of one branch are all there is.

/// Why an expression lets no event through there and would not be loaded here: it is no CEL. Nothing where it is.
std::optional<std::string> not_cel(const std::string& expression);

/// The same for a filter, which has to be true or false, too.
std::optional<std::string> no_condition(const std::string& filter);

/// True where the filter demands another ref than the one that slipway builds, whatever else it asks for.
bool demands_another_ref(const std::string& filter);

}  // namespace slipway::trigger
