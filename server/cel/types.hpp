#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace slipway::cel {

enum class TypeKind : std::uint8_t {
  dyn, error, null, boolean, bytes, float64, int64, string, uint64, timestamp, duration, any, list, map, type, parameter, message,
};

/// A static type. Immutable; parameterised ones are created by a TypePool and live as long as it does.
class Type {
 public:
  explicit constexpr Type(TypeKind type_kind, bool null_allowed = false) : kind(type_kind), nullable(null_allowed) {}
  Type(TypeKind type_kind, const Type* first_parameter, const Type* second_parameter = nullptr)
      : kind(type_kind), first(first_parameter), second(second_parameter) {}
  Type(TypeKind type_kind, std::uint32_t number) : kind(type_kind), index(number) {}

  TypeKind kind;
  bool nullable = false;          ///< a wrapper such as google.protobuf.Int64Value: an int or null
  std::uint32_t index = 0;        ///< of a parameter
  const char* message = nullptr;  ///< the name of a message type
  const Type* first = nullptr;    ///< list: element; map: key; type: the type it denotes (may be null)
  const Type* second = nullptr;   ///< map: value
};

/// The unparameterised type of that kind.
const Type* simple_type(TypeKind kind);
/// The nullable type that wraps `kind`: bool, bytes, double, int, string or uint.
const Type* wrapper_type(TypeKind kind);

/// Creates and owns types.
class TypePool {
 public:
  const Type* list(const Type* element) { return keep(Type(TypeKind::list, element)); }
  const Type* map(const Type* key, const Type* value) { return keep(Type(TypeKind::map, key, value)); }
  const Type* type_of(const Type* type) { return keep(Type(TypeKind::type, type)); }
  const Type* parameter(std::uint32_t index) { return keep(Type(TypeKind::parameter, index)); }
  const Type* message(const char* name);

 private:
  const Type* keep(Type type) { return &kept_.emplace_back(type); }
  std::deque<Type> kept_;
};

/// A type as written in cel-go's errors: `map(string, dyn)`, `timestamp`, `wrapper(int)`.
std::string type_text(const Type* type);

/// The type parameter substitution built up by the checker, with cel-go's assignability rules (checker/types.go).
class Unifier {
 public:
  explicit Unifier(TypePool& pool) : pool_(pool) {}

  const Type* fresh() { return pool_.parameter(next_++); }
  /// Whether a `from` may be used where a `to` is expected. Binds parameters if so, otherwise changes nothing.
  bool assignable(const Type* to, const Type* from);
  bool assignable(const std::vector<const Type*>& to, const std::vector<const Type*>& from);
  /// `type` with bound parameters replaced; with `to_dyn`, unbound ones become dyn.
  const Type* substitute(const Type* type, bool to_dyn);
  /// `type` with the parameters 0, 1, … of a declaration replaced by `arguments`.
  const Type* instantiate(const Type* type, const std::vector<const Type*>& arguments);
  const Type* most_general(const Type* a, const Type* b);
  bool same(const Type* a, const Type* b);
  /// Nested macros can make types exponentially large. Beyond the limit this is true and every other query returns false.
  bool exhausted() const noexcept { return steps_ > max_steps; }

 private:
  static constexpr std::uint64_t max_steps = 20'000'000;

  bool step() noexcept { return ++steps_ <= max_steps; }
  const Type* bound(const Type* parameter) const;
  void bind(const Type* parameter, const Type* type);
  void undo(std::size_t mark);
  bool assign(const Type* to, const Type* from);
  /// 1: valid; 0: not, but `parameter` may still be tried the other way round; −1: invalid.
  int substitutes(const Type* type, const Type* parameter);
  bool occurs(const Type* parameter, const Type* within);
  bool less_specific(const Type* a, const Type* b);

  TypePool& pool_;
  std::uint32_t next_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<const Type*> bindings_;
  std::vector<std::pair<std::uint32_t, const Type*>> trail_;
};

}  // namespace slipway::cel
