#include "cel/eval.hpp"

namespace slipway::cel {

Explanation Program::explain(const Bindings& bindings) const {
  Explanation made;
  const Result<bool> verdict = test(bindings);
  made.verdict = !verdict ? Explanation::Verdict::error : *verdict ? Explanation::Verdict::matched : Explanation::Verdict::not_matched;
  made.expression = source();
  made.where = plan_->source.position(0);
  made.text = !verdict ? verdict.error().what() : "`" + made.expression + (*verdict ? "` is true" : "` is false");
  return made;
}

}  // namespace slipway::cel
