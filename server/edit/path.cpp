#include "edit/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace slipway::edit {

/// Parses a path from the start of a text, up to its end or, for `PATH=VALUE`, up to the `=`.
class PathReader {
 public:
  static constexpr std::size_t steps_max = 256;
  enum class Until { end, equals };

  PathReader(std::string_view text, Until until) : text_(text), until_(until) {}

  Result<Path> read() {
    if (at('.')) ++i_;
    if (done()) return error("the path is empty");
    if (!document()) return *error_;
    while (!done()) {
      if (path_.steps_.size() >= steps_max) return error("too many steps");
      if (!step()) return *error_;
      if (done() || at('[')) continue;
      if (!at('.')) return error("expected '.' or '[' here");
      ++i_;
      if (done()) return error("the path ends with a dot");
      if (at('[')) return error("no dot before '['");
    }
    if (path_.steps_.empty()) {
      return error("this names a whole document; a key that is called doc is written \"doc\", in quotes");
    }
    if (!is_utf8(text_.substr(0, i_))) return error("this is not UTF-8");
    return std::move(path_);
  }
  std::size_t offset() const noexcept { return i_; }

 private:
  bool at(char c) const noexcept { return i_ < text_.size() && text_[i_] == c; }
  bool done() const noexcept { return i_ >= text_.size() || (until_ == Until::equals && at('=')); }
  Error error(std::string_view what) const {
    return Error(fmt::format("{}, in the path '{}'", what, printable(text_)),
                 Position("", 1, static_cast<int>(i_) + 1));
  }
  bool fail(std::string_view what) {
    error_ = error(what);
    return false;
  }

  bool document() {
    constexpr std::string_view mark = "doc[";
    if (!text_.substr(i_).starts_with(mark)) return true;
    std::size_t number = 0;
    const char* const end = text_.data() + text_.size();
    const auto [stop, failure] = std::from_chars(text_.data() + i_ + mark.size(), end, number);
    if (failure != std::errc() || stop == end || *stop != ']') return true;
    path_.document_ = number;
    i_ = static_cast<std::size_t>(stop - text_.data()) + 1;
    if (done() || at('[')) return true;
    if (!at('.')) return fail("expected '.' or '[' here");
    ++i_;
    return !done() || fail("the path ends with a dot");
  }

  bool step() {
    if (at('[')) return bracket();
    std::string name;
    if (at('"') || at('\'')) {
      if (!quoted(name)) return false;
    } else {
      const std::size_t begin = i_;
      while (!done() && !at('.') && !at('[')) {
        if (at(']')) return fail("this ']' has no '['; such a key is written in double quotes");
        ++i_;
      }
      name = text_.substr(begin, i_ - begin);
      if (name.empty()) return fail("a key is missing here");
    }
    path_.steps_.push_back(Key{std::move(name)});
    return true;
  }

  bool quoted(std::string& out) {
    const std::size_t begin = i_;
    const char quote = text_[i_++];
    for (; i_ < text_.size(); ++i_) {
      if (text_[i_] == '\\' && quote == '"' && i_ + 1 < text_.size()) {
        ++i_;
        if (!at('"') && !at('\\')) return fail("only \\\" and \\\\ are escapes here");
      } else if (text_[i_] == quote) {
        ++i_;
        if (quote == '"' || !at('\'')) return true;
      }
      out += text_[i_];
    }
    i_ = begin;
    return fail("this quote is not closed");
  }

  // `[0]`, `[name=web]`, and `["key.with.dots"]`, which is yq's notation.
  bool bracket() {
    const std::size_t begin = i_++;
    std::string word;
    const bool quote = at('"') || at('\'');
    if (quote ? !quoted(word) : !bare(word, "=]")) return false;
    if (at('=')) {
      ++i_;
      std::string value;
      if (at('"') || at('\'') ? !quoted(value) : !bare(value, "]")) return false;
      if (!at(']')) return fail("expected ']' here");
      if (word.empty()) return fail("the key before '=' is empty");
      path_.steps_.push_back(Match{std::move(word), std::move(value)});
    } else if (!at(']')) {
      return fail(i_ < text_.size() ? "expected ']' here" : "this '[' is not closed");
    } else if (quote) {
      path_.steps_.push_back(Key{std::move(word)});
    } else {
      Index index;
      const auto [stop, failure] = std::from_chars(word.data(), word.data() + word.size(), index.at);
      if (failure != std::errc() || stop != word.data() + word.size()) {
        i_ = begin + 1;
        return fail("in brackets stands an index from 0 or key=value");
      }
      path_.steps_.push_back(index);
    }
    ++i_;
    return true;
  }

  bool bare(std::string& out, std::string_view stops) {
    const std::size_t end = text_.find_first_of(stops, i_);
    if (end == std::string_view::npos) return fail("this '[' is not closed");
    out = text_.substr(i_, end - i_);
    i_ = end;
    return true;
  }

  std::string_view text_;
  Until until_;
  std::size_t i_ = 0;
  Path path_;
  std::optional<Error> error_;
};

namespace {

std::string quoted_key(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string key_text(const std::string& name, bool first) {
  const bool special = name.empty() || name.find_first_of(".[]='\" \t") != std::string::npos;
  return special || (first && name == "doc") ? quoted_key(name) : name;
}

std::string value_text(const std::string& value) {
  const bool special = value.empty() || value.find_first_of("]'\"=") != std::string::npos;
  return special ? quoted_key(value) : value;
}

}  // namespace

Result<Path> Path::parse(std::string_view text) {
  return PathReader(text, PathReader::Until::end).read();
}

std::string Path::text() const {
  return path_text(document_, steps_, steps_.size());
}

Path Path::sibling(std::string key) const {
  Path beside = *this;
  if (!beside.steps_.empty()) beside.steps_.pop_back();
  beside.steps_.push_back(Key{std::move(key)});
  return beside;
}

std::string path_text(std::optional<std::size_t> document, const std::vector<Step>& steps, std::size_t count) {
  std::string out = document ? fmt::format("doc[{}]", *document) : std::string();
  for (std::size_t i = 0; i < std::min(count, steps.size()); ++i) {
    if (const auto* key = std::get_if<Key>(&steps[i])) {
      if (!out.empty()) out += '.';
      out += key_text(key->name, i == 0 && !document);
    } else if (const auto* index = std::get_if<Index>(&steps[i])) {
      out += fmt::format("[{}]", index->at);
    } else {
      const auto& match = std::get<Match>(steps[i]);
      out += fmt::format("[{}={}]", value_text(match.key), value_text(match.value));
    }
  }
  return out;
}

Result<Assignment> Assignment::parse(std::string_view text) {
  PathReader reader(text, PathReader::Until::equals);
  auto path = reader.read();
  if (!path) return path.error();
  if (reader.offset() >= text.size()) {
    return Error(fmt::format("expected PATH=VALUE, there is no '=' in '{}'", printable(text)));
  }
  return Assignment(std::move(*path), std::string(text.substr(reader.offset() + 1)));
}

}  // namespace slipway::edit
