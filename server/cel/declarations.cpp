#include "cel/declarations.hpp"

#include <algorithm>

namespace slipway::cel {

namespace {

struct Row {
  std::string_view function;
  std::string_view signature;  // arguments -> result; a receiver stands before `.(`; capital letters are type parameters
  Function run = nullptr;
};

namespace f = functions;

constexpr Row rows[] = {
    {"!_", "(bool) -> bool"},
    {"-_", "(double) -> double"},
    {"-_", "(int) -> int"},
    {"@in", "(A, list(A)) -> bool"},
    {"@in", "(A, map(A, B)) -> bool"},
    {"@not_strictly_false", "(bool) -> bool"},
    {"@sortByAssociatedKeys", "list(T).(list(int)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(uint)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(double)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(bool)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(duration)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(timestamp)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(string)) -> list(T)", f::sort_by_keys},
    {"@sortByAssociatedKeys", "list(T).(list(bytes)) -> list(T)", f::sort_by_keys},
    {"_!=_", "(A, A) -> bool"},
    {"_%_", "(int, int) -> int"},
    {"_%_", "(uint, uint) -> uint"},
    {"_&&_", "(bool, bool) -> bool"},
    {"_*_", "(double, double) -> double"},
    {"_*_", "(int, int) -> int"},
    {"_*_", "(uint, uint) -> uint"},
    {"_+_", "(bytes, bytes) -> bytes"},
    {"_+_", "(double, double) -> double"},
    {"_+_", "(duration, duration) -> duration"},
    {"_+_", "(duration, timestamp) -> timestamp"},
    {"_+_", "(timestamp, duration) -> timestamp"},
    {"_+_", "(int, int) -> int"},
    {"_+_", "(list(A), list(A)) -> list(A)"},
    {"_+_", "(string, string) -> string"},
    {"_+_", "(uint, uint) -> uint"},
    {"_-_", "(double, double) -> double"},
    {"_-_", "(duration, duration) -> duration"},
    {"_-_", "(int, int) -> int"},
    {"_-_", "(timestamp, duration) -> timestamp"},
    {"_-_", "(timestamp, timestamp) -> duration"},
    {"_-_", "(uint, uint) -> uint"},
    {"_/_", "(double, double) -> double"},
    {"_/_", "(int, int) -> int"},
    {"_/_", "(uint, uint) -> uint"},
    {"_==_", "(A, A) -> bool"},
    {"_?_:_", "(bool, A, A) -> A"},
    {"_[_]", "(list(A), int) -> A"},
    {"_[_]", "(map(A, B), A) -> B"},
    {"_||_", "(bool, bool) -> bool"},
    {"base64.decode", "(string) -> bytes", f::base64_decode},
    {"base64.encode", "(bytes) -> string", f::base64_encode},
    {"bool", "(bool) -> bool", f::same},
    {"bool", "(string) -> bool", f::to_bool},
    {"bytes", "(bytes) -> bytes", f::same},
    {"bytes", "(string) -> bytes", f::to_bytes},
    {"canonical", "map(string, dyn).(string) -> string", f::header_canonical},
    {"charAt", "string.(int) -> string", f::char_at},
    {"compareSecret", "string.(string, string, string) -> bool", f::compare_secret},
    {"compareSecret", "string.(string, string) -> bool", f::compare_secret},
    {"contains", "string.(string) -> bool", f::contains},
    {"distinct", "list(T).() -> list(T)", f::distinct},
    {"double", "(double) -> double", f::same},
    {"double", "(int) -> double", f::to_double},
    {"double", "(string) -> double", f::to_double},
    {"double", "(uint) -> double", f::to_double},
    {"duration", "(duration) -> duration", f::same},
    {"duration", "(string) -> duration", f::to_duration},
    {"dyn", "(A) -> dyn", f::same},
    {"endsWith", "string.(string) -> bool", f::ends_with},
    {"first", "list(dyn).() -> dyn", f::first},
    {"flatten", "list(list(T)).() -> list(T)", f::flatten},
    {"flatten", "list(dyn).(int) -> list(dyn)", f::flatten_depth},
    {"format", "string.(list(dyn)) -> string", f::format},
    {"getDate", "timestamp.() -> int", f::get_date},
    {"getDate", "timestamp.(string) -> int", f::get_date_in},
    {"getDayOfMonth", "timestamp.() -> int", f::get_day_of_month},
    {"getDayOfMonth", "timestamp.(string) -> int", f::get_day_of_month_in},
    {"getDayOfWeek", "timestamp.() -> int", f::get_day_of_week},
    {"getDayOfWeek", "timestamp.(string) -> int", f::get_day_of_week_in},
    {"getDayOfYear", "timestamp.() -> int", f::get_day_of_year},
    {"getDayOfYear", "timestamp.(string) -> int", f::get_day_of_year_in},
    {"getFullYear", "timestamp.() -> int", f::get_full_year},
    {"getFullYear", "timestamp.(string) -> int", f::get_full_year_in},
    {"getHours", "timestamp.() -> int", f::get_hours},
    {"getHours", "timestamp.(string) -> int", f::get_hours_in},
    {"getHours", "duration.() -> int", f::duration_hours},
    {"getMilliseconds", "timestamp.() -> int", f::get_milliseconds},
    {"getMilliseconds", "timestamp.(string) -> int", f::get_milliseconds_in},
    {"getMilliseconds", "duration.() -> int", f::duration_milliseconds},
    {"getMinutes", "timestamp.() -> int", f::get_minutes},
    {"getMinutes", "timestamp.(string) -> int", f::get_minutes_in},
    {"getMinutes", "duration.() -> int", f::duration_minutes},
    {"getMonth", "timestamp.() -> int", f::get_month},
    {"getMonth", "timestamp.(string) -> int", f::get_month_in},
    {"getSeconds", "timestamp.() -> int", f::get_seconds},
    {"getSeconds", "timestamp.(string) -> int", f::get_seconds_in},
    {"getSeconds", "duration.() -> int", f::duration_seconds},
    {"indexOf", "string.(string) -> int", f::index_of},
    {"indexOf", "string.(string, int) -> int", f::index_of_from},
    {"int", "(int) -> int", f::same},
    {"int", "(double) -> int", f::to_int},
    {"int", "(duration) -> int", f::to_int},
    {"int", "(string) -> int", f::to_int},
    {"int", "(timestamp) -> int", f::to_int},
    {"int", "(uint) -> int", f::to_int},
    {"join", "list(string).() -> string", f::join},
    {"join", "list(string).(string) -> string", f::join_with},
    {"json.encode", "(dyn) -> string", f::json_encode},
    {"last", "list(dyn).() -> dyn", f::last},
    {"lastIndexOf", "string.(string) -> int", f::last_index_of},
    {"lastIndexOf", "string.(string, int) -> int", f::last_index_of_from},
    {"lists.range", "(int) -> list(int)", f::range},
    {"lowerAscii", "string.() -> string", f::lower_ascii},
    {"marshalJSON", "map(string, dyn).() -> string", f::marshal_json},
    {"marshalJSON", "list(dyn).() -> string", f::marshal_json},
    {"match", "map(string, dyn).(string, string) -> bool", f::header_match},
    {"matches", "(string, string) -> bool", f::matches},
    {"matches", "string.(string) -> bool", f::matches},
    {"math.@max", "(double) -> double", f::same},
    {"math.@max", "(int) -> int", f::same},
    {"math.@max", "(uint) -> uint", f::same},
    {"math.@max", "(double, double) -> double", f::greatest_of_two},
    {"math.@max", "(int, int) -> int", f::greatest_of_two},
    {"math.@max", "(uint, uint) -> uint", f::greatest_of_two},
    {"math.@max", "(int, uint) -> dyn", f::greatest_of_two},
    {"math.@max", "(int, double) -> dyn", f::greatest_of_two},
    {"math.@max", "(double, int) -> dyn", f::greatest_of_two},
    {"math.@max", "(double, uint) -> dyn", f::greatest_of_two},
    {"math.@max", "(uint, int) -> dyn", f::greatest_of_two},
    {"math.@max", "(uint, double) -> dyn", f::greatest_of_two},
    {"math.@max", "(list(double)) -> double", f::greatest_of_list},
    {"math.@max", "(list(int)) -> int", f::greatest_of_list},
    {"math.@max", "(list(uint)) -> uint", f::greatest_of_list},
    {"math.@min", "(double) -> double", f::same},
    {"math.@min", "(int) -> int", f::same},
    {"math.@min", "(uint) -> uint", f::same},
    {"math.@min", "(double, double) -> double", f::least_of_two},
    {"math.@min", "(int, int) -> int", f::least_of_two},
    {"math.@min", "(uint, uint) -> uint", f::least_of_two},
    {"math.@min", "(int, uint) -> dyn", f::least_of_two},
    {"math.@min", "(int, double) -> dyn", f::least_of_two},
    {"math.@min", "(double, int) -> dyn", f::least_of_two},
    {"math.@min", "(double, uint) -> dyn", f::least_of_two},
    {"math.@min", "(uint, int) -> dyn", f::least_of_two},
    {"math.@min", "(uint, double) -> dyn", f::least_of_two},
    {"math.@min", "(list(double)) -> double", f::least_of_list},
    {"math.@min", "(list(int)) -> int", f::least_of_list},
    {"math.@min", "(list(uint)) -> uint", f::least_of_list},
    {"math.abs", "(double) -> double", f::abs},
    {"math.abs", "(int) -> int", f::abs},
    {"math.abs", "(uint) -> uint", f::abs},
    {"math.bitAnd", "(int, int) -> int", f::bit_and},
    {"math.bitAnd", "(uint, uint) -> uint", f::bit_and},
    {"math.bitNot", "(int) -> int", f::bit_not},
    {"math.bitNot", "(uint) -> uint", f::bit_not},
    {"math.bitOr", "(int, int) -> int", f::bit_or},
    {"math.bitOr", "(uint, uint) -> uint", f::bit_or},
    {"math.bitShiftLeft", "(int, int) -> int", f::bit_shift_left},
    {"math.bitShiftLeft", "(uint, int) -> uint", f::bit_shift_left},
    {"math.bitShiftRight", "(int, int) -> int", f::bit_shift_right},
    {"math.bitShiftRight", "(uint, int) -> uint", f::bit_shift_right},
    {"math.bitXor", "(int, int) -> int", f::bit_xor},
    {"math.bitXor", "(uint, uint) -> uint", f::bit_xor},
    {"math.ceil", "(double) -> double", f::ceil},
    {"math.floor", "(double) -> double", f::floor},
    {"math.isFinite", "(double) -> bool", f::is_finite},
    {"math.isInf", "(double) -> bool", f::is_inf},
    {"math.isNaN", "(double) -> bool", f::is_nan},
    {"math.round", "(double) -> double", f::round},
    {"math.sign", "(double) -> double", f::sign},
    {"math.sign", "(int) -> int", f::sign},
    {"math.sign", "(uint) -> uint", f::sign},
    {"math.sqrt", "(double) -> double", f::sqrt},
    {"math.sqrt", "(int) -> double", f::sqrt},
    {"math.sqrt", "(uint) -> double", f::sqrt},
    {"math.trunc", "(double) -> double", f::trunc},
    {"parseJSON", "string.() -> map(string, dyn)", f::parse_json},
    {"parseURL", "string.() -> map(string, dyn)", f::parse_url},
    {"parseYAML", "string.() -> map(string, dyn)", f::parse_yaml},
    {"replace", "string.(string, string) -> string", f::replace},
    {"replace", "string.(string, string, int) -> string", f::replace_count},
    {"reverse", "string.() -> string", f::reverse_string},
    {"reverse", "list(T).() -> list(T)", f::reverse_list},
    {"sets.contains", "(list(T), list(T)) -> bool", f::sets_contains},
    {"sets.equivalent", "(list(T), list(T)) -> bool", f::sets_equivalent},
    {"sets.intersects", "(list(T), list(T)) -> bool", f::sets_intersects},
    {"size", "(bytes) -> int", f::size},
    {"size", "bytes.() -> int", f::size},
    {"size", "(list(A)) -> int", f::size},
    {"size", "list(A).() -> int", f::size},
    {"size", "(map(A, B)) -> int", f::size},
    {"size", "map(A, B).() -> int", f::size},
    {"size", "(string) -> int", f::size},
    {"size", "string.() -> int", f::size},
    {"slice", "list(T).(int, int) -> list(T)", f::slice},
    {"sort", "list(int).() -> list(int)", f::sort},
    {"sort", "list(uint).() -> list(uint)", f::sort},
    {"sort", "list(double).() -> list(double)", f::sort},
    {"sort", "list(bool).() -> list(bool)", f::sort},
    {"sort", "list(duration).() -> list(duration)", f::sort},
    {"sort", "list(timestamp).() -> list(timestamp)", f::sort},
    {"sort", "list(string).() -> list(string)", f::sort},
    {"sort", "list(bytes).() -> list(bytes)", f::sort},
    {"split", "string.(string) -> list(string)", f::split},
    {"split", "string.(string, int) -> list(string)", f::split_count},
    {"startsWith", "string.(string) -> bool", f::starts_with},
    {"string", "(string) -> string", f::same},
    {"string", "(bool) -> string", f::to_string},
    {"string", "(bytes) -> string", f::to_string},
    {"string", "(double) -> string", f::to_string},
    {"string", "(duration) -> string", f::to_string},
    {"string", "(int) -> string", f::to_string},
    {"string", "(timestamp) -> string", f::to_string},
    {"string", "(uint) -> string", f::to_string},
    {"strings.quote", "(string) -> string", f::quote_string},
    {"substring", "string.(int) -> string", f::substring_from},
    {"substring", "string.(int, int) -> string", f::substring},
    {"timestamp", "(timestamp) -> timestamp", f::same},
    {"timestamp", "(int) -> timestamp", f::to_timestamp},
    {"timestamp", "(string) -> timestamp", f::to_timestamp},
    {"translate", "string.(string, string) -> string", f::translate},
    {"trim", "string.() -> string", f::trim},
    {"truncate", "string.(int) -> string", f::truncate},
    {"type", "(A) -> type(A)", f::type},
    {"uint", "(uint) -> uint", f::same},
    {"uint", "(double) -> uint", f::to_uint},
    {"uint", "(int) -> uint", f::to_uint},
    {"uint", "(string) -> uint", f::to_uint},
    {"upperAscii", "string.() -> string", f::upper_ascii},
};

// Tekton's environment disables the overloads of two different number types: `1 < 1u` is a type error, while values of
// type dyn are ordered whatever their types. cel-go forgets the disabling at the first loop it checks.
constexpr std::string_view ordered[] = {
    "(bool, bool) -> bool",     "(int, int) -> bool",       "(int, double) -> bool",  "(int, uint) -> bool",   "(uint, uint) -> bool",
    "(uint, double) -> bool",   "(uint, int) -> bool",      "(double, double) -> bool", "(double, int) -> bool", "(double, uint) -> bool",
    "(string, string) -> bool", "(bytes, bytes) -> bool",   "(timestamp, timestamp) -> bool", "(duration, duration) -> bool",
};

constexpr std::pair<std::string_view, TypeKind> simple_names[] = {
    {"bool", TypeKind::boolean}, {"bytes", TypeKind::bytes}, {"double", TypeKind::float64}, {"int", TypeKind::int64},
    {"string", TypeKind::string}, {"uint", TypeKind::uint64}, {"dyn", TypeKind::dyn}, {"null", TypeKind::null},
    {"timestamp", TypeKind::timestamp}, {"duration", TypeKind::duration},
};

// Parses `list(T).(list(int)) -> list(T)`.
class SignatureReader {
 public:
  SignatureReader(std::string_view text, TypePool& pool) : rest_(text), pool_(pool) {}

  void read(Overload& into) {
    if (rest_.front() != '(') {
      into.member = true;
      into.args.push_back(type());
      skip(".");
    }
    skip("(");
    while (rest_.front() != ')') {
      into.args.push_back(type());
      if (rest_.front() == ',') skip(", ");
    }
    skip(") -> ");
    into.result = type();
    into.parameters = static_cast<std::uint32_t>(parameters_.size());
  }

 private:
  void skip(std::string_view text) { rest_.remove_prefix(text.size()); }

  const Type* type() {
    if (rest_.front() >= 'A' && rest_.front() <= 'Z') {
      const char letter = rest_.front();
      skip("A");
      const std::size_t known = parameters_.find(letter);
      if (known == std::string::npos) parameters_ += letter;
      return pool_.parameter(static_cast<std::uint32_t>(known == std::string::npos ? parameters_.size() - 1 : known));
    }
    const std::size_t size = rest_.find_first_of("(), .");
    const std::string_view name = rest_.substr(0, size);
    skip(name);
    for (const auto& [simple, kind] : simple_names) {
      if (simple == name) return simple_type(kind);
    }
    skip("(");
    const Type* first = type();
    const Type* made = name == "list" ? pool_.list(first) : name == "type" ? pool_.type_of(first) : nullptr;
    if (made == nullptr) {
      skip(", ");
      made = pool_.map(first, type());
    }
    skip(")");
    return made;
  }

  std::string_view rest_;
  TypePool& pool_;
  std::string parameters_;
};

}  // namespace

const Declarations& Declarations::standard() {
  static const Declarations declarations;
  return declarations;
}

Declarations::Declarations() {
  for (const Row& row : rows) {
    // cel-go runs these regardless of the element types of the list.
    const bool guarded = row.function != "flatten" && row.function != "sort" && row.function != "@sortByAssociatedKeys";
    declare(row.function, row.signature, row.run, guarded);
  }
  for (const std::string_view comparison : {"_<_", "_<=_", "_>_", "_>=_"}) {
    for (const std::string_view signature : ordered) {
      declare(comparison, signature, nullptr, true);
      overloads_.back().only_after_loops = overloads_.back().args[0] != overloads_.back().args[1];
    }
  }
  declare_names();
}

void Declarations::declare(std::string_view function, std::string_view signature, Function run, bool guarded) {
  Overload made;
  made.function = function;
  made.run = run;
  made.guarded = guarded;
  SignatureReader(signature, pool_).read(made);
  functions_[function].push_back(static_cast<std::uint16_t>(overloads_.size()));
  overloads_.push_back(std::move(made));
}

const std::vector<std::uint16_t>* Declarations::find(std::string_view function) const {
  const auto found = functions_.find(function);
  return found == functions_.end() ? nullptr : &found->second;
}

const Declarations::Name* Declarations::find_name(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

std::vector<std::string> Declarations::function_names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : functions_) {
    if (name.find_first_of("@_") == std::string_view::npos) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void Declarations::declare_names() {
  const Type* dyn = simple_type(TypeKind::dyn);
  const Type* json_map = pool_.map(simple_type(TypeKind::string), dyn);
  const Type* json_list = pool_.list(dyn);
  const auto name = [&](std::string_view known_as, std::string_view runtime_name, const Type* of) {
    names_.emplace(known_as, Name{Value::type(runtime_name), pool_.type_of(of), false});
  };
  for (const std::string_view simple : {"bool", "bytes", "double", "int", "string", "uint"}) {
    const auto* kind = std::find_if(std::begin(simple_names), std::end(simple_names), [&](const auto& row) { return row.first == simple; });
    name(simple, simple, simple_type(kind->second));
  }
  name("list", "list", json_list);
  name("map", "map", pool_.map(dyn, dyn));
  name("null_type", "null_type", simple_type(TypeKind::null));
  name("type", "type", pool_.type_of(nullptr));
  name("google.protobuf.Timestamp", "google.protobuf.Timestamp", simple_type(TypeKind::timestamp));
  name("google.protobuf.Duration", "google.protobuf.Duration", simple_type(TypeKind::duration));
  name("google.protobuf.Empty", "google.protobuf.Empty", pool_.message("google.protobuf.Empty"));
  const auto made = [&](std::string_view known_as, std::string_view runtime_name, const Type* of) {
    name(known_as, runtime_name, of);
    names_.at(std::string(known_as)).only_made = true;
  };
  made("google.protobuf.Any", "google.protobuf.Any", simple_type(TypeKind::any));
  made("google.protobuf.Value", "dyn", dyn);
  made("google.protobuf.Struct", "map", json_map);
  made("google.protobuf.ListValue", "list", json_list);
  made("google.protobuf.BoolValue", "bool", wrapper_type(TypeKind::boolean));
  made("google.protobuf.BytesValue", "bytes", wrapper_type(TypeKind::bytes));
  made("google.protobuf.DoubleValue", "double", wrapper_type(TypeKind::float64));
  made("google.protobuf.FloatValue", "double", wrapper_type(TypeKind::float64));
  made("google.protobuf.Int32Value", "int", wrapper_type(TypeKind::int64));
  made("google.protobuf.Int64Value", "int", wrapper_type(TypeKind::int64));
  made("google.protobuf.StringValue", "string", wrapper_type(TypeKind::string));
  made("google.protobuf.UInt32Value", "uint", wrapper_type(TypeKind::uint64));
  made("google.protobuf.UInt64Value", "uint", wrapper_type(TypeKind::uint64));
  names_.emplace("google.protobuf.NullValue.NULL_VALUE", Name{Value::int64(0), simple_type(TypeKind::int64), false});
}

bool fits(const Type* type, const Value& value) {
  switch (type->kind) {
    case TypeKind::dyn:
    case TypeKind::any:
    case TypeKind::error:
    case TypeKind::parameter: return true;
    case TypeKind::null: return value.is(Kind::null);
    case TypeKind::boolean: return value.is(Kind::boolean);
    case TypeKind::bytes: return value.is(Kind::bytes);
    case TypeKind::float64: return value.is(Kind::float64);
    case TypeKind::int64: return value.is(Kind::int64);
    case TypeKind::string: return value.is(Kind::string);
    case TypeKind::uint64: return value.is(Kind::uint64);
    case TypeKind::timestamp: return value.is(Kind::timestamp);
    case TypeKind::duration: return value.is(Kind::duration);
    case TypeKind::type: return value.is(Kind::type);
    case TypeKind::list: return value.is(Kind::list) && (value.size() == 0 || fits(type->first, value.at(0)));
    case TypeKind::map:
      return value.is(Kind::map) && (value.size() == 0 || (fits(type->first, value.key_at(0)) && fits(type->second, value.value_at(0))));
    case TypeKind::message: return false;
  }
  return false;
}

}  // namespace slipway::cel
