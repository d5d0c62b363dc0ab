#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway {

/// Header fields in the order received, with names canonicalised as in Go (`x-GITEA-event` → `X-Gitea-Event`). Stored
/// as one block of text plus one vector of offsets: a delivery has about 18 fields, and most are only stored.
class Headers {
  struct Place {
    std::uint32_t name, value, end;  ///< offsets into the text; each name and value ends in a zero byte
  };

 public:
  struct Field {
    std::string_view name, value;
  };

  /// Iterates over the fields; invalidated when the headers are modified or moved.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = const Field*;
    using reference = Field;

    Field operator*() const noexcept { return headers_->at(*place_); }
    Iterator& operator++() noexcept {
      ++place_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class Headers;
    Iterator(const Headers& headers, const Place* place) noexcept : headers_(&headers), place_(place) {}
    const Headers* headers_;
    const Place* place_;
  };

  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::initializer_list<std::string_view>>> fields);
  /// Parses the output of text(); anything after the last complete field is ignored.
  static Headers parse(std::string_view text);

  void reserve(std::size_t fields, std::size_t bytes);
  /// Canonicalises the name.
  void add(std::string_view name, std::string_view value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  bool empty() const noexcept { return places_.empty(); }
  Iterator begin() const noexcept { return {*this, places_.data()}; }
  Iterator end() const noexcept { return {*this, places_.data() + places_.size()}; }
  /// The first value of that name; empty if there is none.
  std::string_view first(std::string_view name) const noexcept;
  /// All values of that name, in order.
  std::vector<std::string_view> values(std::string_view name) const;
  /// Each name once, with its values. Valid as long as an iterator would be.
  std::map<std::string_view, std::vector<std::string_view>> by_name() const;
  /// All fields as one text: each name and value terminated by a zero byte, which HTTP allows in neither.
  const std::string& text() const noexcept { return text_; }

  bool operator==(const Headers& other) const noexcept { return text_ == other.text_; }

 private:
  Field at(const Place& place) const noexcept {
    const std::string_view text = text_;
    return {text.substr(place.name, place.value - place.name - 1), text.substr(place.value, place.end - place.value - 1)};
  }

  std::string text_;
  std::vector<Place> places_;
};

}  // namespace slipway
