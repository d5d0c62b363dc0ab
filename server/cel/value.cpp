#include "cel/value.hpp"

#include <cmath>
#include <cstring>
#include <unordered_map>

#include "cel/number.hpp"

namespace slipway::cel {

namespace {

struct TextStorage final : Storage {
  explicit TextStorage(std::string value) : text(std::move(value)) {}
  const std::string text;
};

struct ListStorage final : Storage {
  explicit ListStorage(std::vector<Value> values) : items(std::move(values)) {}
  const std::vector<Value> items;
};

struct DocumentStorage final : Storage {
  explicit DocumentStorage(rapidjson::Document value) : document(std::move(value)) {}
  const rapidjson::Document document;
};

// Map keys are compared by type and value as in Go: 1, 1u and 1.0 are three keys.
bool same_key(const Value& a, const Value& b) noexcept {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::list:
    case Kind::map: return false;  // pointers in Go, hence never equal
    case Kind::timestamp: return a.seconds() == b.seconds() && a.nanoseconds() == b.nanoseconds();
    default: return equal(a, b);
  }
}

std::size_t hash_key(const Value& key) noexcept {
  switch (key.kind()) {
    case Kind::string:
    case Kind::bytes:
    case Kind::type: return std::hash<std::string_view>()(key.text());
    case Kind::boolean: return key.as_bool() ? 1 : 2;
    case Kind::float64: return std::hash<double>()(key.as_float64());
    case Kind::int64:
    case Kind::uint64:
    case Kind::duration:
    case Kind::timestamp: return std::hash<std::uint64_t>()(key.as_uint64());
    default: return 0;
  }
}

struct KeyHash {
  std::size_t operator()(const Value& key) const noexcept { return hash_key(key); }
};
struct KeyEqual {
  bool operator()(const Value& a, const Value& b) const noexcept { return same_key(a, b); }
};
using KeyIndex = std::unordered_map<Value, std::size_t, KeyHash, KeyEqual>;

struct MapStorage final : Storage {
  static constexpr std::size_t indexed_from = 12;

  explicit MapStorage(std::vector<MapEntry> values) {
    entries.reserve(values.size());
    for (MapEntry& entry : values) put(std::move(entry));
  }
  const MapEntry* find(const Value& key) const noexcept {
    if (entries.size() >= indexed_from) {
      const auto found = index.find(key);
      return found == index.end() ? nullptr : &entries[found->second];
    }
    for (const MapEntry& entry : entries) {
      if (same_key(entry.first, key)) return &entry;
    }
    return nullptr;
  }
  void put(MapEntry entry) {
    if (const MapEntry* old = find(entry.first)) {
      entries[static_cast<std::size_t>(old - entries.data())].second = std::move(entry.second);
      return;
    }
    entries.push_back(std::move(entry));
    if (entries.size() == indexed_from) {
      for (std::size_t i = 0; i < entries.size(); ++i) index.emplace(entries[i].first, i);
    } else if (entries.size() > indexed_from) {
      index.emplace(entries.back().first, entries.size() - 1);
    }
  }

  std::vector<MapEntry> entries;
  KeyIndex index;
};

const rapidjson::Value* member(const rapidjson::Value& object, std::string_view key) noexcept {
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
    if (it->name.GetStringLength() == key.size() && std::memcmp(it->name.GetString(), key.data(), key.size()) == 0) {
      return &it->value;
    }
  }
  return nullptr;
}

}  // namespace

Value Value::boolean(bool value) noexcept {
  Value made(Kind::boolean);
  made.data_.boolean = value;
  return made;
}

Value Value::int64(std::int64_t value) noexcept {
  Value made(Kind::int64);
  made.data_.int64 = value;
  return made;
}

Value Value::uint64(std::uint64_t value) noexcept {
  Value made(Kind::uint64);
  made.data_.uint64 = value;
  return made;
}

Value Value::float64(double value) noexcept {
  Value made(Kind::float64);
  made.data_.float64 = value;
  return made;
}

Value Value::borrowed(std::string_view text) noexcept {
  Value made(Kind::string);
  made.data_.text = text.data();
  made.size_ = static_cast<std::uint32_t>(text.size());
  return made;
}

Value Value::owned(Kind kind, std::size_t size, const Storage* storage) noexcept {
  Value made(kind);
  made.size_ = static_cast<std::uint32_t>(size);
  made.storage_ = storage;
  made.retain();
  return made;
}

Value Value::string(std::string text) {
  const auto* storage = new TextStorage(std::move(text));
  Value made = owned(Kind::string, storage->text.size(), storage);
  made.data_.text = storage->text.data();
  return made;
}

Value Value::bytes(std::string data) {
  Value made = string(std::move(data));
  made.kind_ = Kind::bytes;
  return made;
}

Value Value::list(std::vector<Value> items) {
  const auto* storage = new ListStorage(std::move(items));
  Value made = owned(Kind::list, storage->items.size(), storage);
  made.data_.items = storage->items.data();
  return made;
}

Value Value::map(std::vector<MapEntry> entries) {
  const auto* storage = new MapStorage(std::move(entries));
  Value made = owned(Kind::map, storage->entries.size(), storage);
  made.data_.entries = storage->entries.data();
  return made;
}

Value Value::timestamp(std::int64_t seconds, std::uint32_t nanoseconds, int minutes_east) noexcept {
  Value made(Kind::timestamp);
  made.minutes_east_ = static_cast<std::int16_t>(minutes_east);
  made.data_.int64 = seconds;
  made.size_ = nanoseconds;
  return made;
}

Value Value::duration(std::int64_t nanoseconds) noexcept {
  Value made = int64(nanoseconds);
  made.kind_ = Kind::duration;
  return made;
}

Value Value::type(std::string_view name) noexcept {
  Value made = borrowed(name);
  made.kind_ = Kind::type;
  return made;
}

Value Value::json(const rapidjson::Value& node, const Storage* owner) noexcept {
  Value made;
  switch (node.GetType()) {
    case rapidjson::kNullType: return made;
    case rapidjson::kFalseType: return boolean(false);
    case rapidjson::kTrueType: return boolean(true);
    case rapidjson::kNumberType: return float64(node.GetDouble());
    case rapidjson::kStringType:
      made.kind_ = Kind::string;
      made.data_.text = node.GetString();
      made.size_ = node.GetStringLength();
      break;
    case rapidjson::kArrayType:
      made.kind_ = Kind::list;
      made.detail_ = json_backed;
      made.data_.json = &node;
      made.size_ = node.Size();
      break;
    case rapidjson::kObjectType:
      made.kind_ = Kind::map;
      made.detail_ = json_backed;
      made.data_.json = &node;
      made.size_ = node.MemberCount();
      break;
  }
  made.storage_ = owner;
  made.retain();
  return made;
}

Value Value::json(rapidjson::Document document) {
  const auto* storage = new DocumentStorage(std::move(document));
  const Value keep = owned(Kind::null, 0, storage);
  return json(storage->document, storage);
}

Value Value::headers(const HeaderMap& headers) noexcept {
  Value made(Kind::map);
  made.detail_ = headers_backed;
  made.size_ = static_cast<std::uint32_t>(headers.size());
  made.data_.headers = &headers;
  return made;
}

Value Value::error(Fault fault, std::string_view key) noexcept {
  Value made = borrowed(key);
  made.kind_ = Kind::error;
  made.detail_ = static_cast<std::uint8_t>(fault);
  return made;
}

Value Value::error(std::string text) {
  Value made = string(std::move(text));
  made.kind_ = Kind::error;
  made.detail_ = static_cast<std::uint8_t>(Fault::text);
  return made;
}

Value Value::no_such_key(const Value& key) noexcept {
  Value made = key;
  made.kind_ = Kind::error;
  made.detail_ = static_cast<std::uint8_t>(Fault::no_such_key);
  return made;
}

std::string Value::error_text() const {
  switch (fault()) {
    case Fault::no_such_key: return "no such key: " + std::string(text());
    case Fault::no_such_overload: return size_ == 0 ? "no such overload" : "no such overload: " + std::string(text());
    case Fault::division_by_zero: return "division by zero";
    case Fault::modulus_by_zero: return "modulus by zero";
    case Fault::integer_overflow: return "integer overflow";
    case Fault::text: break;
  }
  return std::string(text());
}

void Value::release() noexcept {
  if (storage_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete storage_;
}

void Value::swap(Value& other) noexcept {
  std::swap(kind_, other.kind_);
  std::swap(detail_, other.detail_);
  std::swap(minutes_east_, other.minutes_east_);
  std::swap(size_, other.size_);
  std::swap(data_, other.data_);
  std::swap(storage_, other.storage_);
}

Value Value::at(std::size_t index) const noexcept {
  switch (detail_) {
    case json_backed: return json((*data_.json)[static_cast<rapidjson::SizeType>(index)], storage_);
    case headers_backed: return borrowed((*data_.values)[index]);
    default: return data_.items[index];
  }
}

Value Value::key_at(std::size_t index) const noexcept {
  switch (detail_) {
    case json_backed: return json((data_.json->MemberBegin() + static_cast<std::ptrdiff_t>(index))->name, storage_);
    case headers_backed: return borrowed(std::next(data_.headers->begin(), static_cast<std::ptrdiff_t>(index))->first);
    default: return data_.entries[index].first;
  }
}

Value Value::value_at(std::size_t index) const noexcept {
  switch (detail_) {
    case json_backed: return json((data_.json->MemberBegin() + static_cast<std::ptrdiff_t>(index))->value, storage_);
    case headers_backed: {
      const HeaderValues& values = std::next(data_.headers->begin(), static_cast<std::ptrdiff_t>(index))->second;
      Value made(Kind::list);
      made.detail_ = headers_backed;
      made.size_ = static_cast<std::uint32_t>(values.size());
      made.data_.values = &values;
      return made;
    }
    default: return data_.entries[index].second;
  }
}

bool Value::find(std::string_view key, Value& found) const noexcept {
  switch (detail_) {
    case json_backed: {
      const rapidjson::Value* value = member(*data_.json, key);
      if (value == nullptr) return false;
      found = json(*value, storage_);
      return true;
    }
    case headers_backed: {
      const auto at = data_.headers->find(key);
      if (at == data_.headers->end()) return false;
      found = value_at(static_cast<std::size_t>(std::distance(data_.headers->begin(), at)));
      return true;
    }
    default: {
      const MapEntry* entry = static_cast<const MapStorage*>(storage_)->find(borrowed(key));
      if (entry == nullptr) return false;
      found = entry->second;
      return true;
    }
  }
}

// cel-go's refValMapAccessor.Find: the key itself, then the same number as another integer type (never as a double).
bool Value::find(const Value& key, Value& found) const noexcept {
  if (key.is(Kind::string)) return find(key.text(), found);
  if (detail_ != items_backed) return false;
  const auto look = [&](const Value& candidate) {
    const MapEntry* entry = static_cast<const MapStorage*>(storage_)->find(candidate);
    if (entry == nullptr) return false;
    found = entry->second;
    return true;
  };
  if (look(key)) return true;
  switch (key.kind()) {
    case Kind::float64: {
      const auto whole = exact_int64(key.as_float64());
      if (whole && look(int64(*whole))) return true;
      const auto natural = exact_uint64(key.as_float64());
      return natural && look(uint64(*natural));
    }
    case Kind::int64: return key.as_int64() >= 0 && look(uint64(key.as_uint64()));
    case Kind::uint64: return key.as_uint64() <= INT64_MAX && look(int64(key.as_int64()));
    default: return false;
  }
}

namespace {

bool equal_numbers(const Value& left, const Value& right) noexcept {
  const auto order = compare_numbers(left, right);
  return order && *order == 0;
}

// Payloads nest at most 10,000 levels and literals less; each level takes one small stack frame.
bool equal_lists(const Value& left, const Value& right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!equal(left.at(i), right.at(i))) return false;
  }
  return true;
}

bool equal_maps(const Value& left, const Value& right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    Value other;
    if (!right.find(left.key_at(i), other) || !equal(left.value_at(i), other)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& left, const Value& right) noexcept {
  if (is_number(left) && is_number(right)) return equal_numbers(left, right);
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::null: return true;
    case Kind::boolean: return left.as_bool() == right.as_bool();
    case Kind::string:
    case Kind::bytes:
    case Kind::type: return left.text() == right.text();
    case Kind::list: return equal_lists(left, right);
    case Kind::map: return equal_maps(left, right);
    case Kind::timestamp: return left.seconds() == right.seconds() && left.nanoseconds() == right.nanoseconds();
    case Kind::duration: return left.as_int64() == right.as_int64();
    default: return false;
  }
}

std::string_view type_name(const Value& value) noexcept {
  switch (value.kind()) {
    case Kind::null: return "null_type";
    case Kind::boolean: return "bool";
    case Kind::int64: return "int";
    case Kind::uint64: return "uint";
    case Kind::float64: return "double";
    case Kind::string: return "string";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::map: return "map";
    case Kind::timestamp: return "google.protobuf.Timestamp";
    case Kind::duration: return "google.protobuf.Duration";
    case Kind::type: return "type";
    case Kind::error: return "error";
  }
  return "";
}

}  // namespace slipway::cel
