#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "config/catalogue.hpp"
#include "model/settings.hpp"

namespace slipway::config {

/// A configuration as loaded. The catalogue is immutable and shared: a reload makes a new one.
struct Config {
  Config() = default;
  Settings settings;
  std::shared_ptr<const Catalogue> catalogue;
  std::filesystem::path file;
};

struct LoadOptions {
  LoadOptions() = default;
  explicit LoadOptions(bool with_files) : check_files(with_files) {}
  bool check_files = true;  ///< secrets and other files that the configuration names must be there (`serve`, `check`)
};

/// The configuration, or every error in it, in the order of the file, each with `file:line:col`, a sentence and, for
/// what is inside a filter, the line with a caret.
using Loaded = std::variant<Config, std::vector<Error>>;

Loaded load(const std::filesystem::path& file, const LoadOptions& options = LoadOptions());
/// The same for a text; `file` is only named in errors and the base of relative paths.
Loaded load_text(std::string_view text, const std::filesystem::path& file, const LoadOptions& options);

/// One error a paragraph, as `slipway check` prints them.
std::string text(const std::vector<Error>& errors);

}  // namespace slipway::config
