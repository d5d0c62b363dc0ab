#pragma once

#include <rapidjson/document.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/header_map.hpp"

namespace slipway::cel {

class Value;

/// The kind of a value. A JSON object, array, string, number, boolean and null read as map, list, string, float64, boolean, null.
enum class Kind : std::uint8_t { null, boolean, int64, uint64, float64, string, bytes, list, map, timestamp, duration, type, error };

/// Why an evaluation has no value; for `no_such_key` and `text` the key or sentence is stored with it.
enum class Fault : std::uint8_t { text, no_such_key, no_such_overload, division_by_zero, modulus_by_zero, integer_overflow };

/// Storage of strings, lists and maps created by evaluation. Reference-counted atomically, as threads may share it.
class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

 private:
  friend class Value;
  mutable std::atomic<std::uint32_t> references_{0};
};

using MapEntry = std::pair<Value, Value>;

/// One value of the language, 24 bytes. Strings, lists and maps may refer to the document they were selected from, or
/// to the program whose literal they are: a value is valid only as long as its bindings and program.
class Value {
 public:
  Value() noexcept : Value(Kind::null) {}
  Value(const Value& other) noexcept
      : kind_(other.kind_), detail_(other.detail_), minutes_east_(other.minutes_east_), size_(other.size_), data_(other.data_), storage_(other.storage_) {
    retain();
  }
  Value(Value&& other) noexcept
      : kind_(other.kind_), detail_(other.detail_), minutes_east_(other.minutes_east_), size_(other.size_), data_(other.data_), storage_(other.storage_) {
    other.storage_ = nullptr;
  }
  Value& operator=(Value other) noexcept {
    swap(other);
    return *this;
  }
  ~Value() {
    if (storage_ != nullptr) release();
  }

  static Value null() noexcept { return Value(); }
  static Value boolean(bool value) noexcept;
  static Value int64(std::int64_t value) noexcept;
  static Value uint64(std::uint64_t value) noexcept;
  static Value float64(double value) noexcept;
  /// `text` must outlive the value: a literal of the program, a string of the document.
  static Value borrowed(std::string_view text) noexcept;
  static Value string(std::string text);
  static Value bytes(std::string data);
  static Value list(std::vector<Value> items);
  /// Of entries with equal keys the last wins (as Tekton's cel-go builds map literals).
  static Value map(std::vector<MapEntry> entries);
  /// Seconds since 1970 and 0–999,999,999 nanoseconds. `minutes_east` is the offset it was written with; only string() uses it.
  static Value timestamp(std::int64_t seconds, std::uint32_t nanoseconds, int minutes_east = 0) noexcept;
  static Value duration(std::int64_t nanoseconds) noexcept;
  /// `name` must outlive the value (a static name such as `google.protobuf.Timestamp`).
  static Value type(std::string_view name) noexcept;
  /// Any node of a JSON document, which must outlive the value and have no duplicate keys (see json.hpp).
  static Value json(const rapidjson::Value& node) noexcept { return json(node, nullptr); }
  /// The root of a document, which the value co-owns.
  static Value json(rapidjson::Document document);
  static Value headers(const HeaderMap& headers) noexcept;
  static Value error(Fault fault, std::string_view key = {}) noexcept;
  static Value error(std::string text);
  /// `no such key`, with the text of `key`, which must be a string.
  static Value no_such_key(const Value& key) noexcept;

  Kind kind() const noexcept { return kind_; }
  bool is(Kind kind) const noexcept { return kind_ == kind; }
  bool is_error() const noexcept { return kind_ == Kind::error; }
  bool is_true() const noexcept { return kind_ == Kind::boolean && data_.boolean; }
  bool is_false() const noexcept { return kind_ == Kind::boolean && !data_.boolean; }

  bool as_bool() const noexcept { return data_.boolean; }
  std::int64_t as_int64() const noexcept { return data_.int64; }
  std::uint64_t as_uint64() const noexcept { return data_.uint64; }
  double as_float64() const noexcept { return data_.float64; }
  /// The text of a string, the data of bytes, the name of a type, the key or sentence of an error.
  std::string_view text() const noexcept { return {data_.text, size_}; }
  /// Whether this is the map made from these headers.
  bool is_headers(const HeaderMap& headers) const noexcept {
    return kind_ == Kind::map && detail_ == headers_backed && data_.headers == &headers;
  }
  /// Whether this list or map was built by evaluation rather than being part of a document.
  bool is_built() const noexcept { return detail_ == items_backed; }
  std::int64_t seconds() const noexcept { return data_.int64; }
  std::uint32_t nanoseconds() const noexcept { return size_; }
  int minutes_east() const noexcept { return minutes_east_; }
  Fault fault() const noexcept { return static_cast<Fault>(detail_); }
  /// The error as a sentence: `no such key: ref`. Only for errors.
  std::string error_text() const;

  /// Number of elements of a list or map; number of bytes of a string or bytes.
  std::size_t size() const noexcept { return size_; }
  /// Element of a list; index < size().
  Value at(std::size_t index) const noexcept;
  /// Entry of a map; index < size(). In the order of the document or of the literal.
  Value key_at(std::size_t index) const noexcept;
  Value value_at(std::size_t index) const noexcept;
  /// Finds the entry of a map with an equal key (numbers compare across types); false if there is none.
  bool find(const Value& key, Value& found) const noexcept;
  bool find(std::string_view key, Value& found) const noexcept;

  void swap(Value& other) noexcept;

 private:
  explicit Value(Kind kind) noexcept : kind_(kind) {}
  static Value json(const rapidjson::Value& node, const Storage* owner) noexcept;
  static Value owned(Kind kind, std::size_t size, const Storage* storage) noexcept;
  void retain() const noexcept {
    if (storage_ != nullptr) storage_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;

  enum Backing : std::uint8_t { items_backed, json_backed, headers_backed };

  Kind kind_;
  std::uint8_t detail_ = 0;  // Backing of a list or map; Fault of an error
  std::int16_t minutes_east_ = 0;  // of a timestamp
  std::uint32_t size_ = 0;
  union Data {
    bool boolean;
    std::int64_t int64 = 0;
    std::uint64_t uint64;
    double float64;
    const char* text;
    const rapidjson::Value* json;
    const Value* items;                      // of a list
    const MapEntry* entries;                 // of a map
    const HeaderMap* headers;                  // map
    const HeaderValues* values;              // list of one header's values
  } data_;
  const Storage* storage_ = nullptr;
};

/// Equality as in `==`: numbers across types, lists and maps by content; NaN equals nothing.
bool equal(const Value& left, const Value& right) noexcept;

/// The name that `type(x)` has: `int`, `map`, `google.protobuf.Duration`.
std::string_view type_name(const Value& value) noexcept;

}  // namespace slipway::cel
