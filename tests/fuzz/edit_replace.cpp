#include <rapidjson/document.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "edit/edit.hpp"

// An input is: a line of options (`c` create, `a` follow aliases), a line with the path, a line with the value (where
// \x01 stands for a line feed), and the file. Whatever replace() accepts has to be, for yaml-cpp, the same document but
// for that node; this is checked here with a reading of its own, apart from the module's. (JSON with surrogate pairs is
// beyond yaml-cpp, and so are some tabs and question marks that YAML allows.)

namespace {

using slipway::edit::Options;
using slipway::edit::Path;

[[noreturn]] void broken(std::string_view rule, std::string_view before, std::string_view after) {
  std::cerr << "broken: " << rule << "\n--- before\n" << before << "\n--- after\n" << after << "\n---\n";
  std::abort();
}

// A document as lines, one a node or end.
class Lines : public YAML::EventHandler {
 public:
  std::vector<std::string> lines;
  void OnDocumentStart(const YAML::Mark&) override { lines.emplace_back("document"); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { add("null", "", anchor, ""); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override { add("alias", "", anchor, ""); }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    add("scalar", tag, anchor, text);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    add("sequence", tag, anchor, "");
  }
  void OnSequenceEnd() override { lines.emplace_back("end"); }
  void OnMapStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    add("mapping", tag, anchor, "");
  }
  void OnMapEnd() override { lines.emplace_back("end"); }

 private:
  void add(const char* kind, const std::string& tag, YAML::anchor_t anchor, const std::string& text) {
    lines.push_back(std::string(kind) + "\x02" + std::to_string(anchor) + "\x02" + tag + "\x02" + text);
  }
};

std::optional<std::vector<std::string>> yaml_lines(const std::string& source) {
  Lines lines;
  try {
    std::istringstream stream(source);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(lines)) continue;
  } catch (const YAML::Exception&) {
    return std::nullopt;
  }
  return lines.lines;
}

bool is_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  rapidjson::Document document;
  return !document
              .Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag>(text.data(), text.size())
              .HasParseError();
}

// Exactly one node has become `value`, or, with create, nodes were put in at one place, among them `value`.
void compare(const std::vector<std::string>& before, const std::vector<std::string>& after, const std::string& value,
             bool create, std::string_view source, std::string_view result) {
  const auto [a, b] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  if (a == before.end() && b == after.end()) {
    if (source != result) broken("bytes have changed, and no node has", source, result);
    return;
  }
  const auto [ra, rb] =
      std::mismatch(before.rbegin(), std::make_reverse_iterator(a), after.rbegin(), std::make_reverse_iterator(b));
  const auto removed = ra.base() - a, added = rb.base() - b;
  const bool has_value = std::any_of(b, rb.base(), [&](const std::string& line) {
    return line.starts_with("scalar\x02") && line.ends_with("\x02" + value);
  });
  if (!has_value) broken("the value is not there", source, result);
  if (removed == 1 && added == 1) return;
  if (!create || removed > 1) broken("more than one node has changed", source, result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string fields[3];
  for (std::string& field : fields) {
    const std::size_t end = input.find('\n');
    if (end == std::string_view::npos) return 0;
    field = input.substr(0, end);
    input.remove_prefix(end + 1);
  }
  std::replace(fields[2].begin(), fields[2].end(), '\x01', '\n');
  Options options;
  options.create = fields[0].find('c') != std::string::npos;
  options.follow_alias = fields[0].find('a') != std::string::npos;
  const auto path = Path::parse(fields[1]);
  if (!path) return 0;
  if (const auto again = Path::parse(path->text()); !again || *again != *path)
    broken("a path reads as itself", fields[1], path->text());

  const std::string before(input);
  const std::string& value = fields[2];
  const auto after = slipway::edit::replace(before, *path, value, options);
  if (!after) return 0;
  const auto old_lines = yaml_lines(before), new_lines = yaml_lines(*after);
  if (old_lines && new_lines) {
    compare(*old_lines, *new_lines, value, options.create, before, *after);
  } else if (old_lines || (!is_json(*after) && before.find_first_of("\t?") == std::string::npos)) {
    broken("the result can be read", before, *after);
  }
  const auto found = slipway::edit::read(*after, *path, options);
  if (!found || *found != value) broken("the value can be read where it was written", before, *after);
  const auto again = slipway::edit::replace(*after, *path, value, options);
  if (!again || *again != *after) broken("writing it again changes nothing", before, *after);
  return 0;
}
