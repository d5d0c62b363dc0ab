#include "cel/types.hpp"

#include <array>

namespace slipway::cel {

namespace {

template <std::size_t... Kinds>
constexpr std::array<Type, sizeof...(Kinds)> all_kinds(bool nullable, std::index_sequence<Kinds...>) {
  return {Type(static_cast<TypeKind>(Kinds), nullable)...};
}

constexpr auto kinds = std::make_index_sequence<static_cast<std::size_t>(TypeKind::message) + 1>();
constexpr auto simple_types = all_kinds(false, kinds);
constexpr auto wrapper_types = all_kinds(true, kinds);

bool is_dyn(const Type* type) { return type->kind == TypeKind::dyn || type->kind == TypeKind::any; }
bool is_dyn_or_error(const Type* type) { return is_dyn(type) || type->kind == TypeKind::error; }

bool accepts_null(const Type* type) {
  switch (type->kind) {
    case TypeKind::null:
    case TypeKind::message:
    case TypeKind::timestamp:
    case TypeKind::duration:
    case TypeKind::any: return true;
    default: return type->nullable;
  }
}

const char* simple_text(TypeKind kind) {
  switch (kind) {
    case TypeKind::dyn: return "dyn";
    case TypeKind::error: return "!error!";
    case TypeKind::null: return "null";
    case TypeKind::boolean: return "bool";
    case TypeKind::bytes: return "bytes";
    case TypeKind::float64: return "double";
    case TypeKind::int64: return "int";
    case TypeKind::string: return "string";
    case TypeKind::uint64: return "uint";
    case TypeKind::timestamp: return "timestamp";
    case TypeKind::duration: return "duration";
    case TypeKind::any: return "any";
    default: return "";
  }
}

void write(const Type* type, std::string& text, int& budget) {
  if (--budget < 0) {
    text += "…";
    return;
  }
  switch (type->kind) {
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::type:
      text += type->kind == TypeKind::list ? "list" : type->kind == TypeKind::map ? "map" : "type";
      if (type->first == nullptr) return;
      text += '(';
      write(type->first, text, budget);
      if (type->second != nullptr) {
        text += ", ";
        write(type->second, text, budget);
      }
      text += ')';
      return;
    case TypeKind::parameter: text += "dyn"; return;
    case TypeKind::message: text += type->message; return;
    default: text += type->nullable ? std::string("wrapper(") + simple_text(type->kind) + ")" : simple_text(type->kind);
  }
}

}  // namespace

const Type* simple_type(TypeKind kind) { return &simple_types[static_cast<std::size_t>(kind)]; }
const Type* wrapper_type(TypeKind kind) { return &wrapper_types[static_cast<std::size_t>(kind)]; }

const Type* TypePool::message(const char* name) {
  Type made(TypeKind::message);
  made.message = name;
  return keep(made);
}

std::string type_text(const Type* type) {
  std::string text;
  int budget = 200;
  write(type, text, budget);
  return text;
}

const Type* Unifier::bound(const Type* parameter) const {
  return parameter->kind == TypeKind::parameter && parameter->index < bindings_.size() ? bindings_[parameter->index] : nullptr;
}

void Unifier::bind(const Type* parameter, const Type* type) {
  if (parameter->index >= bindings_.size()) bindings_.resize(parameter->index + 1);
  trail_.emplace_back(parameter->index, bindings_[parameter->index]);
  bindings_[parameter->index] = type;
}

void Unifier::undo(std::size_t mark) {
  while (trail_.size() > mark) {
    bindings_[trail_.back().first] = trail_.back().second;
    trail_.pop_back();
  }
}

bool Unifier::assignable(const Type* to, const Type* from) {
  const std::size_t mark = trail_.size();
  if (assign(to, from)) return true;
  undo(mark);
  return false;
}

bool Unifier::assignable(const std::vector<const Type*>& to, const std::vector<const Type*>& from) {
  if (to.size() != from.size()) return false;
  const std::size_t mark = trail_.size();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!assign(to[i], from[i])) {
      undo(mark);
      return false;
    }
  }
  return true;
}

bool Unifier::assign(const Type* to, const Type* from) {
  if (!step()) return false;
  if (from->kind == TypeKind::parameter) {
    const int answer = substitutes(to, from);
    if (answer != 0) return answer > 0;
  }
  if (to->kind == TypeKind::parameter) return substitutes(from, to) > 0;
  if (is_dyn_or_error(to) || is_dyn_or_error(from)) return true;
  if (to->kind == TypeKind::null) return accepts_null(from);
  if (from->kind == TypeKind::null) return accepts_null(to);
  if (to->kind != from->kind) return false;
  switch (to->kind) {
    case TypeKind::list: return assign(to->first, from->first);
    case TypeKind::map: return assign(to->first, from->first) && assign(to->second, from->second);
    case TypeKind::message: return std::string_view(to->message) == from->message;
    default: return true;
  }
}

int Unifier::substitutes(const Type* type, const Type* parameter) {
  if (same(type, parameter)) return 1;
  if (const Type* known = bound(parameter)) {
    if (same(type, known)) return 1;
    if (!assign(type, known)) return -1;
    const Type* general = most_general(type, known);
    if (!occurs(parameter, general)) bind(parameter, general);
    return 1;
  }
  if (occurs(parameter, type)) return 0;
  bind(parameter, type);
  return 1;
}

bool Unifier::occurs(const Type* parameter, const Type* within) {
  if (!step() || same(parameter, within)) return true;
  switch (within->kind) {
    case TypeKind::parameter: {
      const Type* known = bound(within);
      return known != nullptr && occurs(parameter, known);
    }
    case TypeKind::list: return occurs(parameter, within->first);
    case TypeKind::map: return occurs(parameter, within->first) || occurs(parameter, within->second);
    default: return false;
  }
}

bool Unifier::same(const Type* a, const Type* b) {
  if (a == b) return true;
  if (!step() || a->kind != b->kind || a->nullable != b->nullable || a->index != b->index) return false;
  if (a->message != nullptr && std::string_view(a->message) != b->message) return false;
  if ((a->first == nullptr) != (b->first == nullptr) || (a->second == nullptr) != (b->second == nullptr)) return false;
  return (a->first == nullptr || same(a->first, b->first)) && (a->second == nullptr || same(a->second, b->second));
}

bool Unifier::less_specific(const Type* a, const Type* b) {
  if (!step()) return false;
  if (is_dyn(a) || a->kind == TypeKind::parameter) return true;
  if (is_dyn(b) || b->kind == TypeKind::parameter || a->kind != b->kind) return false;
  switch (a->kind) {
    case TypeKind::list: return less_specific(a->first, b->first);
    case TypeKind::map: return less_specific(a->first, b->first) && less_specific(a->second, b->second);
    case TypeKind::type: return true;
    default: return same(a, b);
  }
}

const Type* Unifier::most_general(const Type* a, const Type* b) { return less_specific(a, b) ? a : b; }

const Type* Unifier::substitute(const Type* type, bool to_dyn) {
  if (!step()) return simple_type(TypeKind::error);
  if (const Type* known = bound(type)) return substitute(known, to_dyn);
  switch (type->kind) {
    case TypeKind::parameter: return to_dyn ? simple_type(TypeKind::dyn) : type;
    case TypeKind::list: {
      const Type* element = substitute(type->first, to_dyn);
      return element == type->first ? type : pool_.list(element);
    }
    case TypeKind::map: {
      const Type* key = substitute(type->first, to_dyn);
      const Type* value = substitute(type->second, to_dyn);
      return key == type->first && value == type->second ? type : pool_.map(key, value);
    }
    case TypeKind::type: {
      if (type->first == nullptr) return type;
      const Type* of = substitute(type->first, to_dyn);
      return of == type->first ? type : pool_.type_of(of);
    }
    default: return type;
  }
}

const Type* Unifier::instantiate(const Type* type, const std::vector<const Type*>& arguments) {
  switch (type->kind) {
    case TypeKind::parameter: return arguments[type->index];
    case TypeKind::list: return pool_.list(instantiate(type->first, arguments));
    case TypeKind::map: return pool_.map(instantiate(type->first, arguments), instantiate(type->second, arguments));
    case TypeKind::type: return type->first == nullptr ? type : pool_.type_of(instantiate(type->first, arguments));
    default: return type;
  }
}

}  // namespace slipway::cel
