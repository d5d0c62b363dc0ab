#include "cel/path_evidence.hpp"

#include <algorithm>
#include <unordered_set>

#include "cel/misspelling.hpp"
#include "cel/show.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t most_paths = 1'000;
constexpr std::size_t usual_paths = 16;

/// Collects distinct texts: linear search while they are few, a hash set once they are many.
class Distinct {
 public:
  explicit Distinct(std::vector<std::string_view>& all) : all_(all) {}
  void add(std::string_view text) {
    const bool is_new = known_.empty() ? std::find(all_.begin(), all_.end(), text) == all_.end() : known_.insert(text).second;
    if (!is_new) return;
    all_.push_back(text);
    if (all_.size() == few) known_.insert(all_.begin(), all_.end());
  }

 private:
  static constexpr std::size_t few = 16;
  std::vector<std::string_view>& all_;
  std::unordered_set<std::string_view> known_;
};

void collect_paths(const Value& commit, const std::vector<std::string>& fields, Distinct& known, const std::vector<std::string_view>& paths) {
  for (const std::string& field : fields) {
    Value files;
    if (!commit.is(Kind::map) || !commit.find(field, files) || !files.is(Kind::list)) continue;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const Value path = files.at(i);
      if (path.is(Kind::string)) known.add(path.text());
      if (paths.size() > most_paths) return;
    }
  }
}

std::string show_paths(const std::vector<std::string_view>& paths) {
  if (paths.empty()) return {};
  return show_text(paths.front()) + (paths.size() > 1 ? " and " + std::to_string(paths.size() - 1) + " more" : "");
}

// The folder of a path at that depth; empty if the path is less deep.
std::string_view folder_of(std::string_view path, std::ptrdiff_t depth) {
  std::size_t end = 0;
  for (; depth > 0 && end != std::string_view::npos; --depth) end = path.find('/', end == 0 ? 0 : end + 1);
  return end == std::string_view::npos || end == 0 ? std::string_view() : path.substr(0, end + 1);
}

}  // namespace

std::vector<std::string> distinct(const std::vector<std::string>& names) {
  std::vector<std::string> each;
  for (const std::string& name : names) {
    if (std::find(each.begin(), each.end(), name) == each.end()) each.push_back(name);
  }
  return each;
}

PathEvidence::Paths* PathEvidence::find(const PathQuestion& question) noexcept {
  for (const auto& known : known_) {
    if (known->source == question.source) return &known->paths;
  }
  return nullptr;
}

PathEvidence::Paths& PathEvidence::collect(const PathQuestion& question, const Value& list) {
  auto made = std::make_unique<Known>();
  made->source = question.source;
  made->paths.all.reserve(usual_paths);
  Distinct known(made->paths.all);
  for (std::size_t i = 0; i < list.size(); ++i) collect_paths(list.at(i), question.distinct_fields, known, made->paths.all);
  made->paths.shown = show_paths(made->paths.all);
  return known_.emplace_back(std::move(made))->paths;
}

std::string paths_source(const PathQuestion& question) {
  std::string source;
  for (const std::string& name : question.list) source += name + '.';
  source += ':';
  for (const std::string& field : question.distinct_fields) source += ' ' + field;
  return source;
}

std::string asked(const PathQuestion& question, std::string_view list) {
  std::vector<std::string> tests;
  for (const PathQuestion::Test& test : question.tests) {
    constexpr const char* words[] = {"begins with ", "is ", "ends with "};
    tests.push_back(words[static_cast<int>(test.match)] + show_text(test.text));
  }
  return " paths in " + show_list(question.distinct_fields, "and") + " of " + std::string(list) + " " + show_list(distinct(tests), "or");
}

const std::vector<PathEvidence::Folder>& PathEvidence::Paths::folders(std::ptrdiff_t depth) {
  const auto [at, is_new] = folders_.try_emplace(depth);
  if (!is_new) return at->second;
  std::vector<std::string_view> texts;
  Distinct known(texts);
  for (const std::string_view path : all) {
    const std::string_view folder = folder_of(path, depth);
    if (!folder.empty()) known.add(folder);
  }
  for (const std::string_view text : texts) at->second.push_back({text, Letters(text)});
  return at->second;
}

std::vector<PathQuestion::Folder> folders_asked(const PathQuestion& question) {
  std::vector<PathQuestion::Folder> folders;
  for (const PathQuestion::Test& test : question.tests) {
    const auto same = [&](const PathQuestion::Folder& known) { return known.text == test.text; };
    if (test.match != PathQuestion::Match::prefix || !test.text.ends_with('/') || std::any_of(folders.begin(), folders.end(), same)) continue;
    folders.push_back({test.text, Letters(test.text), std::count(test.text.begin(), test.text.end(), '/')});
  }
  return folders;
}

std::string misspelt(const PathQuestion& question, PathEvidence::Paths& paths) {
  for (const PathQuestion::Folder& asked : question.folders) {
    for (const PathEvidence::Folder& there : paths.folders(asked.depth)) {
      if (!nearly(there.text, there.letters, asked.text, asked.letters)) continue;
      return "; did you mean " + show_text(there.text) + " where " + show_text(asked.text) + " is written?";
    }
  }
  return "";
}

}  // namespace slipway::cel
