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

/// A loaded configuration. The catalogue is immutable and may be shared; a reload creates a new one.
struct Config {
  Config() = default;
  Settings settings;
  std::shared_ptr<const Catalogue> catalogue;
  std::filesystem::path file;
};

struct LoadOptions {
  LoadOptions() = default;
  explicit LoadOptions(bool with_files) : check_files(with_files) {}
  bool check_files = true;  ///< require the secrets and other files that the configuration names to exist (`serve`, `check`)
};

/// The configuration, or all of its errors in file order, each with `file:line:col` and a sentence; for errors inside a
/// filter also the source line with a caret.
using Loaded = std::variant<Config, std::vector<Error>>;

Loaded load(const std::filesystem::path& file, const LoadOptions& options = LoadOptions());
/// The same for a text; `file` is used only for error positions and as the base of relative paths.
Loaded load_text(std::string_view text, const std::filesystem::path& file, const LoadOptions& options);

/// The errors as printed by `slipway check`, one paragraph each.
std::string text(const std::vector<Error>& errors);

}  // namespace slipway::config
