#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/delivery.hpp"

namespace slipway::config {

/// A YAML file being read; errors need it to name a position.
struct Source {
  Source() = default;
  Source(std::string file_name, std::string content) : file(std::move(file_name)), text(std::move(content)) {}
  std::string file;
  std::string text;
};

/// A text from the configuration with its position.
struct Located {
  Located() = default;
  std::string text;
  Position where;
  std::size_t offset = 0;  ///< of the scalar's first byte in its source
  const Source* source = nullptr;
};

/// Used by the declared keys to read YAML: collects errors instead of stopping at the first, substitutes environment
/// variables (settings) or a pipeline's parameters (stages), and records the files that must exist.
class Reader {
 public:
  explicit Reader(const Source& source) : source_(&source) {}

  void fail(const YAML::Node& node, std::string what) { errors_.emplace_back(std::move(what), position(node)); }
  void fail(Error error) { errors_.push_back(std::move(error)); }
  Position position(const YAML::Node& node) const;

  /// Uses the position of `key` for its missing value, which YAML gives no position of its own.
  void note_key(const YAML::Node& mapping, const std::string& key);

  /// The scalar's text with references resolved; nullopt, and an error, if the node is not a scalar.
  std::optional<std::string> scalar(const YAML::Node& node);
  /// The same, but unmodified and with its position.
  std::optional<Located> located(const YAML::Node& node);

  /// Whether to substitute `${NAME}` and `${NAME:-default}` from now on.
  void expand_environment(bool on) noexcept { environment_ = on; }
  /// Substitutes `$(params.NAME)` from now on; null: left as they are.
  void use_parameters(const Parameters* parameters) noexcept { parameters_ = parameters; }
  /// The configuration's `secrets`: name → file.
  void use_secrets(const std::map<std::string, std::string>* secrets) noexcept { secrets_ = secrets; }
  const std::map<std::string, std::string>* secrets() const noexcept { return secrets_; }

  /// Resolves a path relative to the configuration's folder and records that the file must exist.
  std::filesystem::path file(const YAML::Node& node, const std::string& text);
  const std::vector<std::pair<std::filesystem::path, Position>>& files() const noexcept { return files_; }

  const Source& source() const noexcept { return *source_; }
  std::vector<Error>& errors() noexcept { return errors_; }

 private:
  std::string with_environment(const YAML::Node& node, const std::string& text);
  std::string with_parameters(const YAML::Node& node, const std::string& text);

  const Source* source_;
  std::vector<Error> errors_;
  std::vector<std::pair<std::filesystem::path, Position>> files_;
  const Parameters* parameters_ = nullptr;
  const std::map<std::string, std::string>* secrets_ = nullptr;
  std::optional<Position> key_;
  bool environment_ = false;
};

/// The file's single document as a YAML node, or why it cannot be parsed.
Result<YAML::Node> parse_yaml(const Source& source);
/// The file's bytes; an error if it cannot be read or is above 4 MiB.
Result<Source> read_source(const std::filesystem::path& file);

/// Translates an error inside a scalar: `error` counts lines and columns within the scalar's text, from 1; the result
/// refers to the file, whatever the scalar's style, and shows the file's line with a caret.
Error error_within(const Located& scalar, const Error& error);
/// `what`, followed by the source line at `where` with a caret below the column.
std::string with_caret(const std::string& what, const Source& source, const Position& where);

}  // namespace slipway::config
