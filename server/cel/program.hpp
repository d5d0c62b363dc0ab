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

/// The value of one key of a named secret, for compareSecret; an error if there is none.
using SecretLookup = std::function<Result<std::string>(std::string_view secret, std::string_view key)>;

class PathEvidence;

/// What an expression can read. Nothing is owned: the documents must outlive all values taken from them. Objects must
/// have no duplicate keys, as from parse_body (json.hpp). Null pointers read as empty.
struct Bindings {
  const rapidjson::Value* body = nullptr;        ///< an object
  const HeaderMap* header = nullptr;
  const rapidjson::Value* extensions = nullptr;  ///< an object
  std::string_view request_url;                  ///< path and query: `/?x=1`
  const SecretLookup* secret = nullptr;
  PathEvidence* evidence = nullptr;              ///< shared by explanations over the same body; null: each collects its own
};

/// Why a filter decided as it did, human-readable.
struct Explanation {
  enum class Verdict { matched, not_matched, error };
  Verdict verdict = Verdict::error;
  std::string expression;  ///< the smallest part of the source that decided
  Position where;          ///< position of that part
  std::string text;        ///< one sentence with the values seen: "`body.ref == 'x'` is false: body.ref is 'y'"
};

/// One compiled expression of Tekton's CEL interceptor (cel-go 0.30 with its strings, encoders, sets, lists and math
/// extensions, plus Tekton's own functions). Immutable, thread-safe. Copies share it.
class Program {
 public:
  /// Parses, checks and plans. `where` is the position of the source in its file: errors refer to that file, and their
  /// text includes the source line with a caret below it. Reports every error that cel-go reports before evaluation.
  static Result<Program> compile(std::string_view source, const Position& where = Position());

  /// The value, or the error that ended the evaluation. Bounded in time and depth: exceeding the bound is an error.
  Result<Value> evaluate(const Bindings& bindings) const;
  /// Evaluates as a filter: only true fires, false and non-booleans do not; an evaluation error is returned as the error.
  Result<bool> test(const Bindings& bindings) const;
  /// The verdict of test() plus the reason. Slower: for output that people read.
  Explanation explain(const Bindings& bindings) const;
  /// The text of explain() for a filter whose test() returned false; does not evaluate it again.
  std::string refusal(const Bindings& bindings) const;

  const std::string& source() const noexcept;
  /// The value's static type, as far as known: `bool`, `list(string)`, `dyn`.
  std::string type() const;
  /// False if the value is never a boolean, so that the filter can never fire.
  bool may_be_boolean() const noexcept;
  /// The parts of the body that evaluation may read: `ref`, `repository.name`, `commits[].added[]`; `commits#` for the size
  /// of a list or iteration over it. Nullopt if it may read the whole body. For callers that have some parts at hand already.
  std::optional<std::vector<std::string>> body_reads() const;
  /// Whether evaluation may read `header`.
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
