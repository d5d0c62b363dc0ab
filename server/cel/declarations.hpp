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

/// One overload of a function: cel-go's declaration, and what runs.
struct Overload {
  std::string_view function;
  bool member = false;                 ///< called as x.f(y); args[0] is x
  bool guarded = true;                 ///< run only where the values fit the declared types
  bool only_after_loops = false;       ///< disabled in Tekton's environment, until cel-go forgets it
  std::vector<const Type*> args;
  const Type* result = nullptr;
  std::uint32_t parameters = 0;        ///< type parameters A, T, … are numbered from 0
  Function run = nullptr;              ///< nothing for operators, which evaluation knows itself
};

/// Every function of Tekton's environment (`environment.json` of cel-go's dump) and the names of its types.
class Declarations {
 public:
  static const Declarations& standard();

  const std::vector<Overload>& overloads() const noexcept { return overloads_; }
  /// Rows of a function, in cel-go's order; nothing where none has that name.
  const std::vector<std::uint16_t>* find(std::string_view function) const;
  /// The value that a type's name or an enumeration's constant stands for, and its static type.
  struct Name {
    Value value;
    const Type* type = nullptr;
    bool only_made = false;  ///< of a message whose name alone means nothing to cel-go
  };
  const Name* find_name(const std::string& name) const;
  /// All names of functions, for "did you mean".
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

/// Whether a value is of a declared type, as cel-go checks it before a call: of lists and maps the first element decides.
bool fits(const Type* type, const Value& value);

}  // namespace slipway::cel
