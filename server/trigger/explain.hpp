#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/delivery.hpp"

namespace slipway::config {
class Catalogue;
}

namespace slipway::trigger {

/// What one trigger made of a delivery.
struct Explanation {
  Explanation() = default;
  std::string trigger;
  TemplateName template_name;
  bool matched = false;
  bool error = false;  ///< its filter failed to evaluate
  bool only_when_completed = false;
  Parameters parameters;            ///< of the run it would make
  std::string image;                ///< of that run, with references put in
  std::vector<std::string> values;  ///< `file: path` of its hand-off
  std::string reason;               ///< why not, smallest sub-expression and values seen first
  std::string undecided;            ///< why the payload alone does not decide it, and Git is asked; else empty
};

/// Every trigger of the catalogue, in its order; filters are evaluated also where the repository alone decided.
std::vector<Explanation> explain(const config::Catalogue& catalogue, const Delivery& delivery,
                                 const std::optional<Push>& completed = std::nullopt);

/// For a terminal, a paragraph a trigger.
std::string explain_text(const Delivery& delivery, const std::vector<Explanation>& explanations);
/// `{"delivery","repository","ref","before","after","commits","total_commits","pending","triggers":[…]}`; `pending`
/// where a trigger is undecided.
std::string explain_json(const Delivery& delivery, const std::vector<Explanation>& explanations);

}  // namespace slipway::trigger
