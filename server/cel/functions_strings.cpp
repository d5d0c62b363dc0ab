#include <algorithm>
#include <cstring>
#include <optional>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/text.hpp"

namespace slipway::cel::functions {

namespace {

Value out_of_range(std::int64_t index) { return Value::error("index out of range: " + std::to_string(index)); }

// cel-go's string functions work on runes, where every invalid byte is U+FFFD.
std::string clean(Evaluation& evaluation, const Value& text) {
  evaluation.charge(text.size());
  return valid_utf8(text.text());
}

std::size_t position(std::string_view text, std::string_view part, std::size_t from) {
  const void* at = from > text.size() ? nullptr : memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return at == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

Value rune_index(std::string_view text, std::size_t at) {
  return Value::int64(at == std::string_view::npos ? -1 : static_cast<std::int64_t>(count_runes(text.substr(0, at))));
}

Value first_index(Evaluation& evaluation, const Value& in, const Value& part, std::int64_t offset) {
  if (offset < 0) return out_of_range(offset);
  const std::string text = clean(evaluation, in);
  if (part.size() == 0) return Value::int64(std::min(offset, static_cast<std::int64_t>(count_runes(text))));
  if (static_cast<std::uint64_t>(offset) >= count_runes(text)) return Value::int64(-1);
  const std::string wanted = clean(evaluation, part);
  return rune_index(text, position(text, wanted, rune_offset(text, static_cast<std::size_t>(offset))));
}

Value final_index(Evaluation& evaluation, const Value& in, const Value& part, std::int64_t offset) {
  if (offset < 0) return out_of_range(offset);
  const std::string text = clean(evaluation, in);
  if (part.size() == 0) return Value::int64(std::min(offset, static_cast<std::int64_t>(count_runes(text))));
  const std::string wanted = clean(evaluation, part);
  if (static_cast<std::uint64_t>(offset) >= count_runes(text)) return Value::int64(-1);
  const std::size_t limit = rune_offset(text, static_cast<std::size_t>(offset));
  std::size_t last = std::string_view::npos;
  for (std::size_t at = position(text, wanted, 0); at != std::string_view::npos && at <= limit; at = position(text, wanted, at + 1)) {
    last = at;
    evaluation.charge(16 * wanted.size());
    if (evaluation.exhausted()) break;
  }
  return rune_index(text, last);
}

std::int64_t rune_count(Evaluation& evaluation, const Value& text) {
  evaluation.charge(text.size());
  return static_cast<std::int64_t>(count_runes(text.text()));
}

Value part_of(Evaluation& evaluation, const Value& in, std::int64_t start, std::int64_t end) {
  const std::int64_t length = rune_count(evaluation, in);
  if (start < 0 || start > length) return out_of_range(start);
  if (end < 0 || end > length) return out_of_range(end);
  if (start > end) {
    return Value::error("invalid substring range. start: " + std::to_string(start) + ", end: " + std::to_string(end));
  }
  if (!evaluation.reserve(in.size())) return Value();
  const std::size_t first = rune_offset(in.text(), static_cast<std::size_t>(start));
  const std::size_t beyond = first + rune_offset(in.text().substr(first), static_cast<std::size_t>(end - start));
  return Value::string(valid_utf8(in.text().substr(first, beyond - first)));
}

Value joined(Evaluation& evaluation, const Value& list, std::string_view separator) {
  std::string made;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value item = list.at(i);
    if (!item.is(Kind::string)) return Value::error(Fault::no_such_overload, "join");
    if (!evaluation.reserve(item.size() + separator.size())) return Value();
    if (i > 0) made += separator;
    made += item.text();
  }
  return Value::string(std::move(made));
}

template <class Fold>
Value ascii_folded(Evaluation& evaluation, const Value& text, Fold fold) {
  if (!evaluation.reserve(text.size())) return Value();
  std::string made = valid_utf8(text.text());
  std::transform(made.begin(), made.end(), made.begin(), fold);
  return Value::string(std::move(made));
}

// Go's strings.Replace: an empty `old` matches before every character and at the end.
Value replaced(Evaluation& evaluation, const Value* args, std::int64_t count) {
  const std::string_view text = args[0].text();
  const std::string_view old = args[1].text();
  const std::string_view fresh = args[2].text();
  std::string made;
  std::size_t done = 0;
  evaluation.charge(text.size());
  for (std::size_t from = 0; count != 0 && from <= text.size(); --count) {
    std::size_t at = from;
    if (!old.empty()) at = position(text, old, from);
    if (at == std::string_view::npos) break;
    if (!evaluation.reserve(at - done + fresh.size() + 1)) return Value();
    made += text.substr(done, at - done);
    made += fresh;
    done = at + old.size();
    from = !old.empty() ? done : at < text.size() ? at + rune_at(text, at).size : text.size() + 1;
  }
  made += text.substr(done);
  return Value::string(std::move(made));
}

// Go's strings.SplitN: an empty separator splits into characters; a negative limit means no limit.
Value parts_of(Evaluation& evaluation, const Value& in, std::string_view separator, std::int64_t limit) {
  std::vector<Value> parts;
  std::string_view rest = in.text();
  evaluation.charge(rest.size());
  const auto add = [&](std::string_view part) {
    if (evaluation.reserve(part.size() + 4 * sizeof(Value))) parts.push_back(Value::string(std::string(part)));
    return !evaluation.exhausted();
  };
  if (limit == 0) return Value::list({});
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t size = 0;
    if (separator.empty()) {
      if (rest.empty()) return Value::list(std::move(parts));
      size = rune_at(rest, 0).size;
    } else {
      size = position(rest, separator, 0);
      if (size == std::string_view::npos) break;
    }
    if (!add(rest.substr(0, size))) return Value();
    rest.remove_prefix(size + separator.size());
  }
  if (!separator.empty() || !rest.empty()) add(rest);
  return Value::list(std::move(parts));
}

}  // namespace

Value contains(Evaluation& evaluation, const Value* args) {
  evaluation.charge(args[0].size());
  return Value::boolean(position(args[0].text(), args[1].text(), 0) != std::string_view::npos);
}

Value starts_with(Evaluation&, const Value* args) { return Value::boolean(args[0].text().starts_with(args[1].text())); }

Value ends_with(Evaluation&, const Value* args) { return Value::boolean(args[0].text().ends_with(args[1].text())); }

Value char_at(Evaluation& evaluation, const Value* args) {
  const std::int64_t index = args[1].as_int64();
  const std::int64_t length = rune_count(evaluation, args[0]);
  if (index < 0 || index > length) return out_of_range(index);
  return part_of(evaluation, args[0], index, std::min(index + 1, length));
}

Value index_of(Evaluation& evaluation, const Value* args) { return first_index(evaluation, args[0], args[1], 0); }

Value index_of_from(Evaluation& evaluation, const Value* args) {
  return first_index(evaluation, args[0], args[1], args[2].as_int64());
}

Value last_index_of(Evaluation& evaluation, const Value* args) {
  const std::int64_t length = rune_count(evaluation, args[0]);
  if (args[1].size() == 0) return Value::int64(length);
  if (args[0].size() < args[1].size()) return Value::int64(-1);
  return final_index(evaluation, args[0], args[1], length - 1);
}

Value last_index_of_from(Evaluation& evaluation, const Value* args) {
  return final_index(evaluation, args[0], args[1], args[2].as_int64());
}

Value join(Evaluation& evaluation, const Value* args) { return joined(evaluation, args[0], ""); }

Value join_with(Evaluation& evaluation, const Value* args) { return joined(evaluation, args[0], args[1].text()); }

Value lower_ascii(Evaluation& evaluation, const Value* args) {
  return ascii_folded(evaluation, args[0], [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
}

Value upper_ascii(Evaluation& evaluation, const Value* args) {
  return ascii_folded(evaluation, args[0], [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
}

Value replace(Evaluation& evaluation, const Value* args) { return replaced(evaluation, args, -1); }

Value replace_count(Evaluation& evaluation, const Value* args) { return replaced(evaluation, args, args[3].as_int64()); }

Value split(Evaluation& evaluation, const Value* args) { return parts_of(evaluation, args[0], args[1].text(), -1); }

Value split_count(Evaluation& evaluation, const Value* args) {
  return parts_of(evaluation, args[0], args[1].text(), args[2].as_int64());
}

Value substring_from(Evaluation& evaluation, const Value* args) {
  const std::int64_t length = rune_count(evaluation, args[0]);
  if (args[1].as_int64() < 0 || args[1].as_int64() > length) return out_of_range(args[1].as_int64());
  return part_of(evaluation, args[0], args[1].as_int64(), length);
}

Value substring(Evaluation& evaluation, const Value* args) {
  return part_of(evaluation, args[0], args[1].as_int64(), args[2].as_int64());
}

Value trim(Evaluation& evaluation, const Value* args) {
  std::string_view text = args[0].text();
  if (!evaluation.reserve(text.size())) return Value();
  while (!text.empty()) {
    const Rune rune = rune_at(text, 0);
    if (!is_space(rune.value)) break;
    text.remove_prefix(rune.size);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 4 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    const Rune rune = rune_at(text, last);
    if (last + rune.size != text.size() || !is_space(rune.value)) break;
    text = text.substr(0, last);
  }
  return Value::string(std::string(text));
}

Value reverse_string(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(args[0].size())) return Value();
  const std::string text = clean(evaluation, args[0]);
  std::string made(text.size(), '\0');
  std::size_t end = made.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = rune_at(text, at).size;
    end -= size;
    text.copy(made.data() + end, size, at);
    at += size;
  }
  return Value::string(std::move(made));
}

Value quote_string(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(2 * args[0].size())) return Value();
  return Value::string(quote(args[0].text()));
}

}  // namespace slipway::cel::functions
