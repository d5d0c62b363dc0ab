#pragma once

#include <deque>
#include <string>
#include <vector>

#include "config/catalogue.hpp"
#include "config/drafts.hpp"

namespace slipway::config {

/// The pipelines that are part of the program; `file` is their path in the source tree. Made by embed.cmake.
std::vector<Source> shipped_pipelines();

/// The pipelines that templates may name: shipped ones, those of a folder, those written in the configuration; a later
/// one of the same name stands for the earlier.
class PipelineSet {
 public:
  explicit PipelineSet(std::vector<Error>& errors) : errors_(errors) {}
  void add_shipped();
  void add_folder(const std::filesystem::path& folder, const Position& named_at);
  void add_inline(const YAML::Node& list, Reader& in);

  /// What the pipeline says, with `params` put in where it says `$(params.…)`. Missing and unknown parameters, and an
  /// unknown pipeline, are reported at the template's places in `in`.
  std::optional<Template> instantiate(const TemplateDraft& of, Parameters& params, Reader& in);
  std::vector<Pipeline> all() const;

 private:
  struct Entry {
    const Source* source = nullptr;
    YAML::Node node;
    PipelineDraft head;
    std::string text;
  };
  void add(const Source& source, const YAML::Node& node, Reader& in, std::string text);
  const Entry* find(const std::string& name) const;

  std::vector<Error>& errors_;
  std::deque<Source> sources_;  // stable: errors and marks point into them
  std::vector<Entry> entries_;
};

}  // namespace slipway::config
