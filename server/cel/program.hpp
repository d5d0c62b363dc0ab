#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// The value of one key of a named secret, for compareSecret; an error where there is none.
using SecretLookup = std::function<Result<std::string>(std::string_view secret, std::string_view key)>;

class PathEvidence;

/// What an expression reads. Nothing is owned: the documents live until the values taken from them are gone. Objects come from
/// parse_body (json.hpp): no key twice. What is null reads as empty.
struct Bindings {
  const rapidjson::Value* body = nullptr;        ///< an object
  const HeaderMap* header = nullptr;
  const rapidjson::Value* extensions = nullptr;  ///< an object
  std::string_view request_url;                  ///< path and query: `/?x=1`
  const SecretLookup* secret = nullptr;
  PathEvidence* evidence = nullptr;              ///< shared by the explanations over one body; none: each collects its own
};

/// Why a filter decided as it did, for a person.
struct Explanation {
  enum class Verdict { matched, not_matched, error };
  Verdict verdict = Verdict::error;
  std::string expression;  ///< the smallest part of the source that decided
  Position where;          ///< of that part
  std::string text;        ///< one sentence with the values seen: "`body.ref == 'x'` is false: body.ref is 'y'"
};

/// One compiled expression of Tekton's CEL interceptor (cel-go 0.30 with its strings, encoders, sets, lists and math extensions and
/// Tekton's own functions). Immutable; any number of threads may evaluate it at once. Copies share it.
class Program {
 public:
  /// Parses, checks and plans. `where` is where the source begins in its file: errors point into that file. The error's text says
  /// what is wrong, with the line and a caret under it. Errors of every phase that cel-go reports before evaluation are reported here.
  static Result<Program> compile(std::string_view source, const Position& where = Position());

  /// The value, or the error that evaluation ended in. Bounded in time and depth: what takes too long is an error.
  Result<Value> evaluate(const Bindings& bindings) const;
  /// As a filter: true fires; false and anything that is not a boolean do not; an evaluation error is the error.
  Result<bool> test(const Bindings& bindings) const;
  /// The same verdict as test(), and the reason. Slower: meant for what people read.
  Explanation explain(const Bindings& bindings) const;
  /// The text of explain(), of a filter for which test() gave false: it is not evaluated again.
  std::string refusal(const Bindings& bindings) const;

  const std::string& source() const noexcept;
  /// The value's type, as far as it is known before evaluation: `bool`, `list(string)`, `dyn`.
  std::string type() const;
  /// False where the value is never a boolean, so that a filter never fires.
  bool may_be_boolean() const noexcept;
  /// The parts of the body that evaluation may look at: `ref`, `repository.name`, `commits[].added[]`, `commits#` for the size of a list
  /// or that it is walked through. Nothing where it looks at the body as a whole. For callers that have some parts at hand already.
  std::optional<std::vector<std::string>> body_reads() const;
  /// Whether evaluation may look at `header`.
  bool reads_header() const;

  struct Plan;  ///< opaque (plan.hpp)

 private:
  friend class FilterSet;
  friend struct Compiler;
  explicit Program(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}
  Result<bool> test(const Bindings& bindings, const std::int8_t* answers) const;
  std::string refusal(const Bindings& bindings, const std::int8_t* answers) const;

  std::shared_ptr<const Plan> plan_;
};

}  // namespace slipway::cel
