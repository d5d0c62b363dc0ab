#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/functions.hpp"
#include "cel/types.hpp"
#include "cel/value.hpp"

namespace slipway::cel {

/// One overload of a function: cel-go's declaration and our implementation.
struct Overload {
  std::string_view function;
  bool member = false;                 ///< called as x.f(y); args[0] is x
  bool guarded = true;                 ///< run only if the values fit the declared types
  bool only_after_loops = false;       ///< disabled in Tekton's environment until the first loop (see declarations.cpp)
  std::vector<const Type*> args;
  const Type* result = nullptr;
  std::uint32_t parameters = 0;        ///< number of type parameters (A, T, …), which are numbered from 0
  Function run = nullptr;              ///< null for operators, which the evaluation implements itself
};

/// Every function of Tekton's environment (as dumped from cel-go into `environment.json`) and the names of its types.
class Declarations {
 public:
  static const Declarations& standard();

  const std::vector<Overload>& overloads() const noexcept { return overloads_; }
  /// Overload indices of a function, in cel-go's order; null if there is no function of that name.
  const std::vector<std::uint16_t>* find(std::string_view function) const;
  /// The value and static type of a type name or enum constant.
  struct Name {
    Value value;
    const Type* type = nullptr;
    bool only_made = false;  ///< a message that can be constructed, but whose bare name is undefined in cel-go
  };
  const Name* find_name(const std::string& name) const;
  /// All function names, for "did you mean".
  std::vector<std::string> function_names() const;

 private:
  Declarations();
  void declare(std::string_view function, std::string_view signature, Function run, bool guarded);
  void declare_names();

  TypePool pool_;
  std::vector<Overload> overloads_;
  std::unordered_map<std::string_view, std::vector<std::uint16_t>> functions_;
  std::unordered_map<std::string, Name> names_;
};

/// Whether a value fits a declared type, with the check that cel-go does before a call: for lists and maps the first element decides.
bool fits(const Type* type, const Value& value);

}  // namespace slipway::cel
