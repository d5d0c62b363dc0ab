#include <fmt/format.h>
#include <rapidjson/reader.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include "base/text.hpp"
#include "edit/rewrite.hpp"

// The second parser: RapidJSON for JSON, else yaml-cpp, whose event interface needs no tree and expands no aliases.

namespace slipway::edit {

namespace {

using Sink = std::function<void(Event&&)>;

std::ptrdiff_t offset(std::size_t at) noexcept {
  return static_cast<std::ptrdiff_t>(at);
}

class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(Sink sink) : sink_(std::move(sink)) {}
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { emit(Event::Kind::null, "?", anchor, ""); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override { emit(Event::Kind::alias, "", anchor, ""); }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    emit(Event::Kind::scalar, tag, anchor, text);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    emit(Event::Kind::sequence, tag, anchor, "");
    ++depth_;
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    emit(Event::Kind::mapping, tag, anchor, "");
    ++depth_;
  }
  void OnMapEnd() override { --depth_; }

 private:
  void emit(Event::Kind kind, const std::string& tag, YAML::anchor_t anchor, const std::string& text) {
    sink_(Event{kind, depth_, anchor, tag, text});
  }
  Sink sink_;
  int depth_ = 0;
};

class JsonEvents : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonEvents> {
 public:
  explicit JsonEvents(Sink sink) : sink_(std::move(sink)) {}
  bool Null() { return emit(Event::Kind::null, "?", ""); }
  bool Bool(bool value) { return emit(Event::Kind::scalar, "?", value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return emit(Event::Kind::scalar, "?", std::string(text, size));
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return emit(Event::Kind::scalar, "!", std::string(text, size));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) { return String(text, size, copy); }
  bool StartObject() { return emit(Event::Kind::mapping, "?", "") && ++depth_ > 0; }
  bool EndObject(rapidjson::SizeType) { return --depth_ >= 0; }
  bool StartArray() { return emit(Event::Kind::sequence, "?", "") && ++depth_ > 0; }
  bool EndArray(rapidjson::SizeType) { return --depth_ >= 0; }

 private:
  bool emit(Event::Kind kind, const char* tag, std::string text) {
    sink_(Event{kind, depth_, 0, tag, std::move(text)});
    return true;
  }
  Sink sink_;
  int depth_ = 0;
};

std::optional<Error> read_yaml(std::string_view source, const std::string& file, std::size_t nodes_max,
                               const Sink& sink) {
  std::istringstream stream{std::string(source)};
  std::size_t count = 0;
  YamlEvents events([&](Event&& event) { ++count, sink(std::move(event)); });
  try {
    YAML::Parser parser(stream);
    while (count <= nodes_max && parser.HandleNextDocument(events)) continue;
  } catch (const YAML::Exception& failure) {
    return Error(fmt::format("yaml-cpp cannot read it: {}", printable(failure.msg)),
                 Position(file, failure.mark.line + 1, failure.mark.column + 1));
  }
  return std::nullopt;
}

bool read_json(std::string_view source, const Sink& sink) {
  if (source.starts_with("\xef\xbb\xbf")) source.remove_prefix(3);
  const std::size_t first = source.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (source[first] != '{' && source[first] != '[')) return false;
  rapidjson::MemoryStream stream(source.data(), source.size());
  JsonEvents events(sink);
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  return !rapidjson::Reader().Parse<flags>(stream, events).IsError();
}

// yaml-cpp 0.7 rejects a tab at the start of a blank or comment line below a plain scalar, which YAML allows (6.1,
// 6.6). Replaces each such tab by a space; text inside scalars is not touched.
void replace_odd_tabs(const Tree& tree, std::string& text) {
  const std::string_view source = tree.source();
  std::size_t scalar = 0;
  for (std::size_t line = 0; line < source.size();) {
    while (scalar < tree.nodes().size() &&
           (tree.nodes()[scalar].kind != Node::Kind::scalar || tree.nodes()[scalar].end <= line)) {
      ++scalar;
    }
    const bool inside = scalar < tree.nodes().size() && tree.nodes()[scalar].begin < line;
    const std::size_t first = std::min(source.find_first_not_of(" \t", line), source.size());
    const bool nothing =
        first == source.size() || std::string_view("#\r\n").find(source[first]) != std::string_view::npos;
    if (!inside && nothing) std::fill(text.begin() + offset(line), text.begin() + offset(first), ' ');
    const std::size_t end = source.find('\n', line);
    line = end == std::string_view::npos ? source.size() : end + 1;
  }
}

// In brackets, yaml-cpp takes any `?` in a plain scalar for a key indicator, as in `[http://host/?a=b]`; in YAML a `?`
// that touches a word is not one (7.3.3). Replaces it by a letter, the same before and after the edit.
void replace_odd_questions(const Tree& tree, std::string& text) {
  const auto is_word = [&](std::size_t i) { return i < text.size() && static_cast<unsigned char>(text[i]) > ' '; };
  std::size_t brackets_end = 0;
  for (const Node& node : tree.nodes()) {
    if (node.is_flow()) brackets_end = std::max<std::size_t>(brackets_end, node.end);
    if (node.style != Node::Style::plain || node.begin >= brackets_end) continue;
    for (std::size_t i = node.begin; i < node.end; ++i) {
      if (text[i] == '?' && (is_word(i + 1) || (i > node.begin && is_word(i - 1)))) text[i] = 'q';
    }
  }
}

// A copy of the source that yaml-cpp can read, of the same length; nullopt if the source itself can be read.
std::optional<std::string> readable_copy(const Tree& tree) {
  const std::string_view source = tree.source();
  const bool tabs = source.find('\t') != std::string_view::npos;
  const bool questions = source.find('?') != std::string_view::npos;
  if (!tabs && !questions) return std::nullopt;
  std::string copy(source);
  if (tabs) replace_odd_tabs(tree, copy);
  if (questions) replace_odd_questions(tree, copy);
  return copy;
}

class Verification {
 public:
  Verification(const Tree& tree, Rewrite rewrite, const std::string& file)
      : tree_(tree), rewrite_(std::move(rewrite)), file_(file) {
    std::stable_sort(rewrite_.changes.begin(), rewrite_.changes.end(),
                     [](const Change& a, const Change& b) { return a.at < b.at; });
  }

  std::optional<Error> run() {
    const std::optional<std::string> copy = readable_copy(tree_);
    const std::string_view source = copy ? std::string_view(*copy) : tree_.source();
    if (auto error = read_before(source)) return error;
    if (auto error = compare_nodes()) return error;
    if (rewrite_.splices.empty()) return std::nullopt;
    change();
    return read_after(apply(source, rewrite_.splices));
  }

 private:
  std::optional<Error> read_before(std::string_view source) {
    before_.reserve(tree_.nodes().size());
    const Sink keep = [&](Event&& event) { before_.push_back(std::move(event)); };
    json_ = read_json(source, keep);
    if (json_) return std::nullopt;
    before_.clear();
    return read_yaml(source, file_, tree_.nodes().size(), keep);
  }

  Error disagreement(Tree::Id id) const {
    return Error("two YAML readers understand this place differently, so it is not edited", position(id));
  }

  static bool same_kind(const Node& node, Event::Kind kind) {
    switch (node.kind) {
      case Node::Kind::alias:
        return kind == Event::Kind::alias;
      case Node::Kind::sequence:
        return kind == Event::Kind::sequence;
      case Node::Kind::mapping:
        return kind == Event::Kind::mapping;
      default:
        return kind == Event::Kind::scalar || kind == Event::Kind::null;
    }
  }

  // Both parsers must see the same nodes with the same nesting, and the same texts along the path.
  std::optional<Error> compare_nodes() const {
    const std::vector<Node>& nodes = tree_.nodes();
    std::vector<Tree::Id> open;
    for (Tree::Id id = 0; id < nodes.size(); ++id) {
      while (!open.empty() && nodes[open.back()].next <= id) open.pop_back();
      const bool same = id < before_.size() && same_kind(nodes[id], before_[id].kind) &&
                        before_[id].depth == static_cast<int>(open.size());
      if (!same) return disagreement(id);
      if (nodes[id].kind == Node::Kind::alias && before_[id].anchor != before_[nodes[id].target].anchor)
        return disagreement(id);
      if (nodes[id].kind == Node::Kind::sequence || nodes[id].kind == Node::Kind::mapping) open.push_back(id);
    }
    if (before_.size() != nodes.size()) return disagreement(static_cast<Tree::Id>(nodes.size()));
    for (const Tree::Id id : rewrite_.trail) {
      if (before_[id].kind == Event::Kind::scalar && !tree_.reads(id, before_[id].text)) return disagreement(id);
    }
    return std::nullopt;
  }

  // Turns `before_` into what must be read after the edit. A value keeps its anchor and its tag.
  void change() {
    std::vector<Event> expected;
    expected.reserve(before_.size() + rewrite_.changes.size() * 4);
    std::size_t from = 0;
    for (Change& change : rewrite_.changes) {
      std::move(before_.begin() + offset(from), before_.begin() + offset(change.at), std::back_inserter(expected));
      from = change.at;
      if (change.removes) {
        const Event& old = before_[from++];
        change.added.front().depth = old.depth;
        change.added.front().anchor = old.anchor;
        change.added.front().tag = old.tag == "?" || old.tag == "!" ? "" : old.tag;
      }
      std::move(change.added.begin(), change.added.end(), std::back_inserter(expected));
    }
    std::move(before_.begin() + offset(from), before_.end(), std::back_inserter(expected));
    before_ = std::move(expected);
  }

  // An empty expected tag is that of a new node: it may read as plain or quoted, but not carry another tag.
  static bool matches(const Event& expected, const Event& event) {
    const bool tag =
        expected.tag.empty() ? event.tag.empty() || event.tag == "?" || event.tag == "!" : expected.tag == event.tag;
    return tag && expected.kind == event.kind && expected.depth == event.depth && expected.anchor == event.anchor &&
           expected.text == event.text;
  }

  std::optional<Error> read_after(std::string_view after) {
    std::size_t count = 0;
    bool same = true;
    const Sink compare = [&](Event&& event) {
      same = same && count < before_.size() && matches(before_[count], event);
      ++count;
    };
    const bool readable = json_ ? read_json(after, compare) : !read_yaml(after, file_, before_.size(), compare);
    if (readable && same && count == before_.size()) return std::nullopt;
    return Error("the edit would have changed more than the one value, so it was not made",
                 position(rewrite_.changes.empty() ? 0 : rewrite_.changes.front().at));
  }

  Position position(Tree::Id id) const {
    if (tree_.nodes().empty()) return Position(file_, 1, 1);
    return tree_.position(std::min(id, static_cast<Tree::Id>(tree_.nodes().size() - 1)), file_);
  }

  const Tree& tree_;
  Rewrite rewrite_;
  const std::string& file_;
  bool json_ = false;
  std::vector<Event> before_;
};

}  // namespace

Result<std::string> verified(const Tree& tree, Rewrite rewrite, const std::string& file) {
  std::string after = apply(tree.source(), rewrite.splices);
  if (after.size() > document_bytes_max) return Error("the file would grow too large", Position(file, 1, 1));
  if (auto error = Verification(tree, std::move(rewrite), file).run()) return *error;
  return after;
}

}  // namespace slipway::edit
