#include <algorithm>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::int64_t regex_memory = 16 << 20;
constexpr std::size_t longest_pattern = 100'000;

re2::RE2::Options options() {
  re2::RE2::Options made(re2::RE2::Quiet);
  made.set_max_mem(regex_memory);
  return made;
}

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Go also accepts named groups as (?<name>…); this RE2 knows only (?P<name>…). Escapes and classes are copied
// unchanged. Also rejects what RE2 accepts and Go does not: \C (a single byte), and non-ASCII letters in a name.
Result<std::string> translated(std::string_view pattern) {
  std::string made;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    const std::string_view rest = pattern.substr(at);
    if (c == '\\' && at + 1 < pattern.size()) {
      if (pattern[at + 1] == 'C') return Error("error parsing regexp: invalid escape sequence: `\\C`");
      if (pattern[at + 1] == 'Q') {
        const std::size_t quoted = std::min(pattern.find("\\E", at + 2), pattern.size());
        made += pattern.substr(at, quoted - at);
        at = quoted - 1;
        continue;
      }
      made += rest.substr(0, 2);
      ++at;
      continue;
    }
    if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      made += c;
      if (rest.starts_with("[^")) made += pattern[++at];
      if (at + 1 < pattern.size() && pattern[at + 1] == ']') made += pattern[++at];
      continue;
    } else if (rest.starts_with("(?P<") || (rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!"))) {
      const std::size_t begin = rest.find('<') + 1, end = std::min(rest.find('>'), rest.size());
      if (!std::all_of(rest.begin() + static_cast<std::ptrdiff_t>(begin), rest.begin() + static_cast<std::ptrdiff_t>(end), is_word)) {
        return Error("error parsing regexp: invalid named capture: `" + std::string(rest.substr(0, end + 1)) + "`");
      }
      made += "(?P<";
      at += begin - 1;
      continue;
    }
    made += c;
  }
  return made;
}

}  // namespace

Result<std::unique_ptr<const re2::RE2>> compile_regex(std::string_view pattern) {
  if (pattern.size() > longest_pattern) return Error("error parsing regexp: expression too large");
  const Result<std::string> known = translated(pattern);
  if (!known) return known.error();
  auto made = std::make_unique<const re2::RE2>(*known, options());
  if (!made->ok()) return Error("error parsing regexp: " + made->error() + ": `" + std::string(pattern) + "`");
  return made;
}

namespace functions {

Value matches(Evaluation& evaluation, const Value* args) {
  const auto regex = compile_regex(args[1].text());
  if (!regex) return Value::error(regex.error().what());
  evaluation.charge(16 * args[0].size() + 64 * args[1].size());
  const std::string_view text = args[0].text();
  return Value::boolean(re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), **regex));
}

namespace {

// Length in bytes of the letter, digit or underscore at the start of the text; 0 if there is none.
std::size_t word_character(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text.front()) < 0x80) return !text.empty() && is_word(text.front()) ? 1 : 0;
  static const re2::RE2 letter("[\\pL\\p{Nd}]");
  const std::size_t size = rune_at(text, 0).size;
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), size), letter) ? size : 0;
}

// Go's Regexp.expand: `$name`, `${name}`, `$1`, `$$`; an unknown name expands to nothing, a malformed reference is kept.
class Template {
 public:
  Template(std::string_view text, const re2::RE2& regex) : rest_(text), regex_(regex) {}

  void expand(const std::vector<re2::StringPiece>& groups, std::string& made) const {
    std::string_view rest = rest_;
    for (;;) {
      const std::size_t at = rest.find('$');
      made += rest.substr(0, at);
      if (at == std::string_view::npos) return;
      rest.remove_prefix(at + 1);
      if (rest.starts_with('$')) {
        made += '$';
        rest.remove_prefix(1);
        continue;
      }
      const std::string_view name = take_name(rest);
      if (name.empty()) {
        made += '$';
      } else {
        append(name, groups, made);
      }
    }
  }

 private:
  static std::string_view take_name(std::string_view& rest) {
    const bool braces = rest.starts_with('{');
    std::size_t end = braces ? 1 : 0;
    const std::size_t begin = end;
    while (const std::size_t size = word_character(rest.substr(end))) end += size;
    if (end == begin || (braces && (end >= rest.size() || rest[end] != '}'))) return {};
    const std::string_view name = rest.substr(begin, end - begin);
    rest.remove_prefix(end + (braces ? 1 : 0));
    return name;
  }

  void append(std::string_view name, const std::vector<re2::StringPiece>& groups, std::string& made) const {
    std::size_t index = groups.size();
    if (name.find_first_not_of("0123456789") == std::string_view::npos) {
      if (name.size() < 9 && !(name.size() > 1 && name[0] == '0')) index = std::stoul(std::string(name));
    } else {
      const auto& named = regex_.NamedCapturingGroups();
      if (const auto found = named.find(std::string(name)); found != named.end()) index = static_cast<std::size_t>(found->second);
    }
    if (index < groups.size() && groups[index].data() != nullptr) made.append(groups[index].data(), groups[index].size());
  }

  std::string_view rest_;
  const re2::RE2& regex_;
};

}  // namespace

// Go's Regexp.ReplaceAllString: an empty match right after a match is not replaced, and every step advances by at least
// one character.
Value translate(Evaluation& evaluation, const Value* args) {
  const auto compiled = compile_regex(args[1].text());
  if (!compiled) return Value::error("failed to parse regular expression for translation: " + compiled.error().what());
  const re2::RE2& regex = **compiled;
  const std::string_view text = args[0].text();
  const re2::StringPiece subject(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  const Template replacement(args[2].text(), regex);
  std::string made;
  std::size_t last_end = 0;
  for (std::size_t from = 0; from <= text.size();) {
    if (!regex.Match(subject, from, text.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    const std::size_t size = made.size();
    made += text.substr(last_end, begin - last_end);
    if (end > last_end || begin == 0) replacement.expand(groups, made);
    last_end = end;
    const std::size_t width = from < text.size() ? rune_at(text, from).size : 1;
    evaluation.charge(text.size() - from + 64);  // the match may have scanned to the end
    if (!evaluation.reserve(made.size() - size)) return Value();
    from = std::max(from + width, end);
  }
  made += text.substr(last_end);
  return Value::string(std::move(made));
}

}  // namespace functions
}  // namespace slipway::cel
