#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "edit/edit.hpp"

// Random documents whose every byte the test knows the meaning of: only the value that is named changes, and every
// other value reads as before.

namespace {

struct Word {
  const char* text;
  bool can_be_plain;
  bool plain_is_string;
};

constexpr std::array<Word, 14> words = {{{"latest", true, true},
                                         {"b5b212e0", true, true},
                                         {"04758206", true, false},
                                         {"1e234567", true, false},
                                         {"true", true, false},
                                         {"2024-01-31", true, false},
                                         {"a b", true, true},
                                         {"it's", true, true},
                                         {"x # y: z", false, false},
                                         {"한글 🚀", true, true},
                                         {"", false, false},
                                         {"back\\slash", true, true},
                                         {"\"quoted\"", false, false},
                                         {"- [{&*!|>%@`", false, false}}};

struct Value {
  std::string path, text;
  bool stays_when_equal = true;
  std::size_t begin = 0, end = 0;              // what the new value takes the place of
  std::size_t lines_begin = 0, lines_end = 0;  // lines of a block text, which go
};

class Document {
 public:
  explicit Document(unsigned seed) : random_(seed) {
    line_break_ = chance(4) ? "\r\n" : "\n";
    step_ = 2 + below(3);
    if (chance(5)) text_ = "\xef\xbb\xbf";
    if (chance(3)) text_ += "# first" + line_break_;
    mapping("", 0, 0);
    if (chance(6)) drop_last_break();
  }

  std::string text_;
  std::vector<Value> values_;

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool chance(std::size_t n) { return below(n) == 0; }

 private:
  // A block text without a line break at its end reads without one.
  void drop_last_break() {
    text_.resize(text_.size() - line_break_.size());
    for (Value& value : values_) {
      if (value.lines_end == text_.size() && value.text.ends_with('\n')) value.text.pop_back();
    }
  }

  void mapping(const std::string& path, std::size_t indent, int depth, bool first_is_placed = false) {
    static const std::array<const char*, 8> names = {"image", "tag", "\"key.with.dots\"", "이미지", "a b", "\"x: y\"",
                                                     "port",  "\"\""};
    const std::size_t count = 1 + below(5), first = below(names.size());
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = names[(first + i) % names.size()];
      if (!first_is_placed || i > 0) {
        noise(indent);
        text_ += std::string(indent, ' ');
      }
      text_ += name + ":";
      value(path.empty() ? name : path + "." + name, indent, depth, true);
    }
  }

  void sequence(const std::string& path, std::size_t indent, int depth) {
    const std::size_t count = 1 + below(3);
    for (std::size_t i = 0; i < count; ++i) {
      noise(indent);
      text_ += std::string(indent, ' ') + "-";
      const std::string index = path + "[" + std::to_string(i) + "]";
      if (depth < 3 && chance(2)) {
        const std::string name = "item" + std::to_string(i);
        text_ += " name: ";
        Value value;
        value.path = index + ".name";
        value.text = name;
        add(std::move(value), name);
        text_ += line_break_ + std::string(indent + 2, ' ');
        mapping(chance(2) ? path + "[name=" + name + "]" : index, indent + 2, depth + 1, true);
      } else {
        value(index, indent, depth, false);
      }
    }
  }

  void value(const std::string& path, std::size_t indent, int depth, bool of_key) {
    const std::size_t kind = below(depth < 3 ? 8 : 5);
    if (kind == 5 && of_key) {
      end_line();
      mapping(path, indent + step_, depth + 1);
    } else if (kind >= 5 && of_key) {
      end_line();
      sequence(path, indent + (chance(2) ? 0 : step_), depth + 1);
    } else if (kind == 4) {
      text_ += " ";
      flow(path, depth);
      end_line();
    } else if (kind == 3) {
      block_text(path, indent);
    } else {
      text_ += std::string(1 + below(2), ' ');
      scalar(path, false);
      end_line();
    }
  }

  void scalar(const std::string& path, bool in_flow) {
    const Word& word = words[below(words.size())];
    const std::string text = word.text;
    Value value;
    value.path = path;
    value.text = text;
    std::string written;
    if (word.can_be_plain && chance(2) && !(in_flow && text.find_first_of("[]{},") != std::string::npos)) {
      written = text;
      value.stays_when_equal = word.plain_is_string;
    } else {
      const bool single = chance(2);
      written = single ? "'" : "\"";
      for (const char c : text) {
        if (single && c == '\'') written += '\'';
        if (!single && (c == '"' || c == '\\')) written += '\\';
        written += c;
      }
      written += single ? '\'' : '"';
    }
    add(std::move(value), written);
  }

  void flow(const std::string& path, int depth) {
    const bool mapping = chance(2);
    text_ += mapping ? "{" : "[";
    const std::size_t count = below(4);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text_ += chance(4) ? "," + line_break_ + std::string(20, ' ') : ", ";
      const std::string key = "k" + std::to_string(i);
      if (mapping) text_ += key + ": ";
      const std::string inner = mapping ? path + "." + key : path + "[" + std::to_string(i) + "]";
      if (depth < 5 && chance(4)) {
        flow(inner, depth + 1);
      } else {
        scalar(inner, true);
      }
    }
    text_ += mapping ? "}" : "]";
  }

  void block_text(const std::string& path, std::size_t indent) {
    Value value;
    value.path = path;
    value.text = "tag: fake # no comment\n\n  more\n";
    value.begin = text_.size() + 1;
    text_ += " |";
    if (chance(2)) {
      text_ += "-";
      value.text.pop_back();
    }
    value.end = text_.size();
    if (chance(2)) text_ += " # comment";
    value.lines_begin = text_.size();
    const std::string margin = line_break_ + std::string(indent + 2, ' ');
    text_ += margin + "tag: fake # no comment" + line_break_ + margin + "  more";
    value.lines_end = text_.size();
    text_ += line_break_;
    values_.push_back(std::move(value));
  }

  void add(Value value, const std::string& written) {
    value.begin = text_.size();
    text_ += written;
    value.end = value.lines_begin = value.lines_end = text_.size();
    values_.push_back(std::move(value));
  }

  void noise(std::size_t indent) {
    if (chance(6)) text_ += line_break_;
    if (chance(6)) text_ += std::string(chance(2) ? indent : 0, ' ') + "# tag: a comment\twith a tab" + line_break_;
  }
  void end_line() {
    if (chance(4)) text_ += "  # tag: x";
    if (chance(8)) text_ += "\t";
    text_ += line_break_;
  }

  std::mt19937 random_;
  std::string line_break_;
  std::size_t step_;
};

std::string expected(const Document& document, const Value& value, const std::string& text) {
  if (value.text == text && value.stays_when_equal) return document.text_;
  std::string written = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') written += '\\';
    written += c;
  }
  return document.text_.substr(0, value.begin) + written + "\"" +
         document.text_.substr(value.end, value.lines_begin - value.end) + document.text_.substr(value.lines_end);
}

}  // namespace

TEST_CASE("in random documents only the named value changes, byte for byte") {
  std::size_t edits = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Document document(seed);
    INFO("seed " << seed << "\n" << document.text_);
    for (const Value& value : document.values_) {
      INFO(value.path);
      const auto path = slipway::edit::Path::parse(value.path);
      REQUIRE(path);
      const auto before = slipway::edit::read(document.text_, *path);
      INFO((before ? "" : before.error().text()));
      REQUIRE(before);
      REQUIRE(*before == value.text);
    }
    if (document.values_.empty()) continue;
    const Value& value = document.values_[document.below(document.values_.size())];
    const auto path = slipway::edit::Path::parse(value.path);
    const std::string text = document.chance(3) && value.text.find('\n') == std::string::npos
                                 ? value.text
                                 : words[document.below(words.size())].text;
    const auto after = slipway::edit::replace(document.text_, *path, text);
    INFO(value.path << " = " << text << (after ? "" : after.error().text()));
    REQUIRE(after);
    REQUIRE(*after == expected(document, value, text));
    for (const Value& other : document.values_) {
      const auto read = slipway::edit::read(*after, *slipway::edit::Path::parse(other.path));
      REQUIRE(read);
      // A changed name is an item's address no more.
      if (&other != &value) REQUIRE((*read == other.text || value.path.ends_with(".name")));
    }
    ++edits;
  }
  CHECK(edits > 1900);
}
