#include "config/reader.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "config/references.hpp"

namespace slipway::config {
namespace {

constexpr std::size_t file_limit = 4u << 20;

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// The source offset of byte `index` of a scalar's value: walks value and source in parallel, skipping what the style
/// adds (quotes, escapes, indentation, folded lines).
std::size_t source_offset(const Located& scalar, std::size_t index) {
  const std::string& text = scalar.source->text;
  std::size_t at = std::min(scalar.offset, text.size());
  if (at < text.size() && (text[at] == '|' || text[at] == '>')) at = std::min(text.find('\n', at), text.size() - 1) + 1;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;
  for (std::size_t i = 0;; ++i, ++at) {
    const char c = i < scalar.text.size() ? scalar.text[i] : '\n';
    if (!is_blank(c)) {
      const auto same = text.find(c, at);
      if (same != std::string::npos) at = same;
    }
    if (i >= index || at >= text.size()) return at;
    if (is_blank(c) && !is_blank(text[at])) --at;
  }
}

Position position_of(const Source& source, std::size_t offset) {
  Position where(source.file, 1, 1);
  std::size_t line_start = 0;
  for (auto end = source.text.find('\n'); end != std::string::npos && end < offset;
       end = source.text.find('\n', end + 1)) {
    ++where.line;
    line_start = end + 1;
  }
  where.column = static_cast<int>(offset - line_start) + 1;
  return where;
}

std::size_t value_offset(const std::string& text, int line, int column) {
  std::size_t start = 0;
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n', start);
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return std::min(start + static_cast<std::size_t>(std::max(column - 1, 0)), text.size());
}

}  // namespace

std::string with_caret(const std::string& what, const Source& source, const Position& where) {
  std::size_t start = 0;
  for (int i = 1; i < where.line && start != std::string::npos; ++i) start = source.text.find('\n', start) + 1;
  const auto line = source.text.substr(start, source.text.find('\n', start) - start);
  constexpr std::size_t shown = 100;  // a filter may be very long: show the part around the column
  const auto column = static_cast<std::size_t>(where.column - 1);
  const std::size_t from = column > shown - 20 ? column - (shown - 40) : 0;
  if (from >= line.size() && from > 0) return what;
  const auto number = fmt::format("{:>5}", where.line);
  return fmt::format("{}\n{} | {}{}{}\n{:>5} | {}^", what, number, from > 0 ? "…" : "", line.substr(from, shown),
                     line.size() > from + shown ? "…" : "", "", std::string(column - from + (from > 0 ? 1 : 0), ' '));
}

Error error_within(const Located& scalar, const Error& error) {
  if (scalar.source == nullptr || error.where().line == 0) return Error(error.what(), scalar.where);
  const auto index = value_offset(scalar.text, error.where().line, error.where().column);
  const Position where = position_of(*scalar.source, source_offset(scalar, index));
  // Drop the compiler's own line and caret in favour of the file's.
  const std::string what = error.what().substr(0, error.what().find('\n'));
  return Error(with_caret(what, *scalar.source, where), where);
}

Result<Source> read_source(const std::filesystem::path& file) {
  std::error_code ec;
  if (std::filesystem::is_directory(file, ec))
    return Error("is a directory, not a file", Position(file.string(), 0, 0));
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error("cannot be read: is it there, and readable for this user?", Position(file.string(), 0, 0));
  std::string text;
  text.assign(std::istreambuf_iterator<char>(in), {});
  if (text.size() > file_limit)
    return Error("is above 4 MiB, which no configuration needs", Position(file.string(), 0, 0));
  return Source(file.string(), std::move(text));
}

Result<YAML::Node> parse_yaml(const Source& source) {
  try {
    const auto documents = YAML::LoadAll(source.text);
    if (documents.size() > 1) {
      const auto mark = documents[1].Mark();
      return Error("a second document begins here: only one is read",
                   Position(source.file, mark.line + 1, mark.column + 1));
    }
    return documents.empty() ? YAML::Node() : documents.front();
  } catch (const YAML::Exception& broken) {  // yaml-cpp's way to report invalid input
    const Position where(source.file, broken.mark.line + 1, broken.mark.column + 1);
    return Error(with_caret("this is no YAML: " + broken.msg, source, where), where);
  }
}

Position Reader::position(const YAML::Node& node) const {
  if (node.IsDefined() && node.IsNull() && key_) return *key_;
  const auto mark = node.Mark();
  if (mark.line < 0) return Position(source_->file, 1, 1);
  return Position(source_->file, mark.line + 1, mark.column + 1);
}

void Reader::note_key(const YAML::Node& mapping, const std::string& key) {
  for (const auto& member : mapping) {
    if (member.first.IsScalar() && member.first.Scalar() == key) key_ = position(member.first);
  }
}

std::optional<Located> Reader::located(const YAML::Node& node) {
  if (!node.IsScalar()) {
    fail(node, node.IsNull() ? "there is no value" : "expected a text");
    return std::nullopt;
  }
  Located found;
  found.text = node.Scalar();
  found.where = position(node);
  found.offset = static_cast<std::size_t>(std::max(node.Mark().pos, 0));
  found.source = source_;
  return found;
}

std::optional<std::string> Reader::scalar(const YAML::Node& node) {
  if (!node.IsScalar()) {
    fail(node, node.IsNull()  ? "there is no value"
               : node.IsMap() ? "expected one value, found a mapping"
                              : "expected one value, found a list");
    return std::nullopt;
  }
  std::string text = node.Scalar();
  if (environment_) text = with_environment(node, text);
  if (parameters_ != nullptr) text = with_parameters(node, text);
  return text;
}

std::string Reader::with_environment(const YAML::Node& node, const std::string& text) {
  std::string result;
  std::size_t at = 0;
  for (auto open = text.find("${"); open != std::string::npos; open = text.find("${", at)) {
    const auto close = text.find('}', open);
    if (close == std::string::npos) break;
    const std::string inside = text.substr(open + 2, close - open - 2);
    const auto name = inside.substr(0, inside.find(":-"));
    result.append(text, at, open - at);
    at = close + 1;
    if (const char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
      result += value;
    } else if (name.size() != inside.size()) {
      result += inside.substr(name.size() + 2);
    } else {
      fail(node, fmt::format("the environment has no {0}: set it, or write ${{{0}:-default}}", printable(name, 60)));
    }
  }
  return result.append(text, at);
}

std::string Reader::with_parameters(const YAML::Node& node, const std::string& text) {
  return replace_references(text, [&](std::string_view name) -> std::optional<std::string> {
    if (!name.starts_with("params.")) return std::nullopt;
    name.remove_prefix(7);
    if (const auto found = parameters_->find(name); found != parameters_->end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [key, value] : *parameters_) known.push_back(key);
    fail(node, fmt::format("there is no parameter '{}'{}", printable(name, 60), did_you_mean(name, known)));
    return std::string();
  });
}

std::filesystem::path Reader::file(const YAML::Node& node, const std::string& text) {
  std::filesystem::path path = text;
  if (path.is_relative()) path = (std::filesystem::path(source_->file).parent_path() / path).lexically_normal();
  files_.emplace_back(path, position(node));
  return path;
}

}  // namespace slipway::config
