#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/delivery.hpp"

namespace slipway::config {
class Catalogue;
}

namespace slipway::trigger {

/// One trigger's decision on a delivery.
struct Explanation {
  Explanation() = default;
  std::string trigger;
  TemplateName template_name;
  bool matched = false;
  bool error = false;  ///< the filter failed to evaluate
  bool only_when_completed = false;
  Parameters parameters;            ///< of the run it would create
  std::string image;                ///< of that run, with references resolved
  std::vector<std::string> values;  ///< `file: path` of its hand-off
  std::string reason;               ///< why not; the smallest deciding sub-expression and the values it saw come first
  std::string undecided;            ///< why the payload alone does not decide and Git is asked; else empty
};

/// One entry per trigger, in the catalogue's order; filters are evaluated even if the repository alone decided.
std::vector<Explanation> explain(const config::Catalogue& catalogue, const Delivery& delivery,
                                 const std::optional<Push>& completed = std::nullopt);

/// For a terminal, one paragraph per trigger.
std::string explain_text(const Delivery& delivery, const std::vector<Explanation>& explanations);
/// `{"delivery","repository","ref","before","after","commits","total_commits","pending","triggers":[…]}`; `pending` is
/// true if a trigger is undecided.
std::string explain_json(const Delivery& delivery, const std::vector<Explanation>& explanations);

}  // namespace slipway::trigger
