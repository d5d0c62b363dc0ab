#include "cel/source.hpp"

#include <algorithm>

#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t excerpt_width = 160;

// The part of a long line around the offset, to keep error messages readable.
std::pair<std::string_view, std::size_t> excerpt(std::string_view line, std::size_t column) {
  if (line.size() <= excerpt_width) return {line, column};
  std::size_t first = column > excerpt_width / 2 ? column - excerpt_width / 2 : 0;
  while (first > 0 && (static_cast<unsigned char>(line[first]) & 0xC0) == 0x80) --first;
  return {line.substr(first, excerpt_width), column - first};
}

}  // namespace

Source::Source(std::string_view text, Position where) : text_(valid_utf8(text)), where_(std::move(where)) {}

Position Source::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
  const int line = static_cast<int>(std::count(text_.begin(), end, '\n'));
  const std::size_t begin = offset == 0 ? std::string::npos : text_.rfind('\n', offset - 1);
  int column = static_cast<int>(offset - (begin == std::string::npos ? 0 : begin + 1)) + 1;
  if (line == 0 && where_.column > 0) column += where_.column - 1;
  return Position(where_.file, std::max(where_.line, 1) + line, column);
}

Error Source::error(std::size_t offset, std::string_view what) const {
  offset = std::min(offset, text_.size());
  const std::size_t before = offset == 0 ? std::string::npos : text_.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  const std::size_t end = std::min(text_.find('\n', offset), text_.size());
  const auto [line, column] = excerpt(std::string_view(text_).substr(begin, end - begin), offset - begin);
  std::string made(what);
  made += "\n | ";
  made += line;
  made += "\n | ";
  made.append(count_runes(line.substr(0, column)), '.');
  made += '^';
  return Error(std::move(made), position(offset));
}

}  // namespace slipway::cel
