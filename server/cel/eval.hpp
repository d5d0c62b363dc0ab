#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cel/plan.hpp"

namespace slipway::cel {

/// FilterSet's precomputed results, indexed by a plan's parts: 1 true, 0 false, −1 not known: evaluate.
using Answers = const std::int8_t*;

/// The precomputed result of a node.
inline std::int8_t known_answer(Answers answers, const Node& node) noexcept {
  return answers == nullptr || node.part == Node::no_part ? std::int8_t{-1} : answers[node.part];
}

/// Like known_answer(), but also derives `&&` and `||` from their operands: one deciding operand suffices.
inline std::int8_t known_together(Answers answers, const Node& node) noexcept {
  const std::int8_t whole = known_answer(answers, node);
  if (whole >= 0 || (node.op != Op::logical_and && node.op != Op::logical_or)) return whole;
  const std::int8_t deciding = node.op == Op::logical_or ? 1 : 0;
  bool all = true;
  for (const Node* arg : node.args) {
    const std::int8_t answer = known_together(answers, *arg);
    if (answer == deciding) return deciding;
    all = all && answer >= 0;
  }
  return all ? static_cast<std::int8_t>(1 - deciding) : std::int8_t{-1};
}

/// One evaluation: the bindings, the loop variables, and the remaining budget. Not thread-safe.
class Evaluation {
 public:
  Evaluation(const Program::Plan& plan, const Bindings& bindings, Answers answers = nullptr, const std::vector<Value>* variables = nullptr);

  /// The value of a node; an error if the evaluation takes too long.
  Value run(const Node& node);
  Value eval(const Node& node);
  /// The precomputed result of a node, as in Answers.
  std::int8_t known(const Node& node) const noexcept { return known_answer(answers_, node); }

  const Bindings& bindings() const noexcept { return bindings_; }
  Value& slot(std::uint32_t index) noexcept { return slots_[index]; }
  /// Charges for work on that many bytes or elements.
  void charge(std::size_t units) noexcept { budget_ -= static_cast<std::int64_t>(units / 16 + 1); }
  /// Charges for the memory of a value about to be made; false, which also ends the evaluation, if the limit is exceeded.
  bool reserve(std::size_t bytes) noexcept {
    memory_ -= static_cast<std::int64_t>(bytes);
    if (memory_ < 0) budget_ = -1;
    return budget_ >= 0;
  }
  bool exhausted() const noexcept { return budget_ < 0; }
  /// `==` on any two values, charged to the budget.
  bool equal(const Value& left, const Value& right);

 private:
  Value select(const Node& node);
  Value has(const Node& node);
  Value index(const Node& node);
  Value in(const Node& node);
  Value binary(const Node& node);
  Value compare(const Node& node);
  Value logical(const Node& node);
  Value conditional(const Node& node);
  Value string_test(const Node& node);
  Value matches(const Node& node);
  Value call(const Node& node);
  Value list(const Node& node);
  Value map(const Node& node);
  Value message(const Node& node);
  Value quantifier(const Node& node);
  Value exists_one(const Node& node);
  Value build_list(const Node& node);
  Value sort_by(const Node& node);

  /// A step of a real filter costs one; a thousand commits with hundreds of paths each against dozens of prefixes stay far below.
  static constexpr std::int64_t max_steps = 50'000'000;
  static constexpr std::int64_t max_bytes = 256ll << 20;
  static constexpr std::size_t inline_slots = 8;

  const Bindings& bindings_;
  Answers answers_;
  const std::vector<Value>* variables_;
  std::int64_t budget_ = max_steps;
  std::int64_t memory_ = max_bytes;
  std::array<Value, inline_slots> few_slots_;
  std::vector<Value> many_slots_;
  Value* slots_;
};

}  // namespace slipway::cel
