#include "build/local/junit.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/text.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

constexpr int deepest = 64;
constexpr std::size_t named_failures = 20;
constexpr std::size_t most_reports = 1000;
constexpr std::size_t most_entries = 200'000;  // directory entries examined
constexpr std::uintmax_t largest_report = 16 << 20;

/// Expat's callbacks over one document.
class Reader {
 public:
  Reader(XML_Parser parser, TestCounts& counts) : parser_(parser), counts_(counts) {}

  static void start(void* self, const XML_Char* name, const XML_Char** attributes) {
    static_cast<Reader*>(self)->started(name, attributes);
  }
  static void end(void* self, const XML_Char* name) { static_cast<Reader*>(self)->ended(name); }
  static void entity(void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*,
                     const XML_Char*, const XML_Char*) {
    static_cast<Reader*>(self)->refuse("it declares entities");
  }
  const std::string& refusal() const { return refusal_; }

 private:
  void started(std::string_view name, const XML_Char** attributes) {
    if (++depth_ > deepest) refuse("it nests too deeply");
    if (name == "testcase") {
      in_case_ = true;
      failed_ = skipped_ = false;
      case_.clear();
      for (; *attributes != nullptr; attributes += 2) {
        if (std::string_view(attributes[0]) == "name") case_ = attributes[1];
      }
    }
    failed_ = failed_ || (in_case_ && (name == "failure" || name == "error"));
    skipped_ = skipped_ || (in_case_ && name == "skipped");
  }

  void ended(std::string_view name) {
    --depth_;
    if (name != "testcase" || !in_case_) return;
    in_case_ = false;
    ++counts_.tests;
    if (skipped_ && !failed_) ++counts_.skipped;
    if (!failed_) return;
    ++counts_.failed;
    if (counts_.failing.size() < named_failures) counts_.failing.push_back(printable(case_, 100));
  }

  void refuse(const char* why) {
    refusal_ = why;
    XML_StopParser(parser_, XML_FALSE);
  }

  XML_Parser parser_;
  TestCounts& counts_;
  int depth_ = 0;
  bool in_case_ = false, failed_ = false, skipped_ = false;
  std::string case_, refusal_;
};

std::string_view first_part(std::string_view text) { return text.substr(0, text.find('/')); }

std::string_view after_first(std::string_view text) {
  const auto slash = text.find('/');
  return slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
}

/// Matches one path component: `*` and `?`.
bool fits_name(std::string_view glob, std::string_view name) noexcept {
  std::size_t g = 0, n = 0, star = std::string_view::npos, retry = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

bool is_wanted(const std::string& path, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return fits_glob(glob, path); });
}

}  // namespace

std::string TestCounts::text() const {
  if (tests == 0) return {};
  std::string text = fmt::format("{} test{}", tests, tests == 1 ? "" : "s");
  if (skipped > 0) text += fmt::format(", {} skipped", skipped);
  if (failed == 0) return text + ", all passed";
  text += fmt::format(", {} failed: {}", failed, fmt::join(failing, ", "));
  return failed > failing.size() ? text + ", …" : text;
}

Result<void> add_junit(std::string_view xml, TestCounts& counts) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr),
                                                                                              &XML_ParserFree);
  Reader reader(parser.get(), counts);
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), &Reader::start, &Reader::end);
  XML_SetEntityDeclHandler(parser.get(), &Reader::entity);
  if (XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE) == XML_STATUS_OK) return {};
  if (!reader.refusal().empty()) return Error("the report is not read: " + reader.refusal());
  return Error(fmt::format("the report is no XML: line {}: {}", XML_GetCurrentLineNumber(parser.get()),
                           XML_ErrorString(XML_GetErrorCode(parser.get()))));
}

bool fits_glob(std::string_view glob, std::string_view path) noexcept {
  if (glob.starts_with("./")) glob.remove_prefix(2);
  if (glob == "**") return true;
  if (glob.starts_with("**/")) {
    for (auto rest = path; !rest.empty(); rest = after_first(rest)) {
      if (fits_glob(glob.substr(3), rest)) return true;
    }
    return false;
  }
  if (!fits_name(first_part(glob), first_part(path))) return false;
  const bool glob_ends = glob.find('/') == std::string_view::npos;
  const bool path_ends = path.find('/') == std::string_view::npos;
  if (glob_ends || path_ends) return glob_ends && path_ends;
  return fits_glob(after_first(glob), after_first(path));
}

std::vector<std::string> add_reports(const fs::path& folder, const std::vector<std::string>& globs, TestCounts& counts) {
  std::vector<std::string> passed_over;
  std::error_code error;
  std::size_t entries = 0, reports = 0;
  const auto skip_denied = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(folder, skip_denied, error);
       entry != fs::recursive_directory_iterator() && ++entries < most_entries && reports < most_reports; entry.increment(error)) {
    const auto name = entry->path().filename();
    if (entry->is_directory(error) && (name == "node_modules" || name == ".git")) entry.disable_recursion_pending();
    if (entry->is_symlink(error) || !entry->is_regular_file(error)) continue;
    const std::string path = entry->path().lexically_relative(folder).generic_string();
    if (!is_wanted(path, globs)) continue;
    ++reports;
    std::ifstream in(entry->path(), std::ios::binary);
    if (!in || entry->file_size(error) > largest_report) {
      passed_over.push_back(path + ": too large or not to be read");
      continue;
    }
    const std::string xml{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto added = add_junit(xml, counts);
    if (!added) passed_over.push_back(path + ": " + added.error().what());
  }
  return passed_over;
}

}  // namespace slipway::build
