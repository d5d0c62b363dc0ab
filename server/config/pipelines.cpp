#include "config/pipelines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace slipway::config {
namespace {

void move_errors(Reader& from, std::vector<Error>& to) {
  for (auto& error : from.errors()) to.push_back(std::move(error));
  from.errors().clear();
}

/// The lines of a node in its source: from its start to the first line that is indented less.
std::string source_lines(const Source& source, const YAML::Node& node) {
  const auto mark = node.Mark();
  if (mark.pos < 0) return {};
  const auto start = static_cast<std::size_t>(mark.pos);
  const auto indent = static_cast<std::size_t>(mark.column);
  std::string text;
  for (std::size_t at = start, first = 1; at < source.text.size(); first = 0) {
    const auto end = std::min(source.text.find('\n', at), source.text.size());
    std::string line = source.text.substr(at, end - at);
    if (!first) {
      const auto content = line.find_first_not_of(' ');
      if (content != std::string::npos && content < indent) break;
      line.erase(0, std::min(indent, line.size()));
    }
    text += line + "\n";
    at = end + 1;
  }
  return text;
}

}  // namespace

void PipelineSet::add(const Source& source, const YAML::Node& node, Reader& in, std::string text) {
  Entry entry;
  entry.source = &source;
  entry.node.reset(node);
  entry.text = std::move(text);
  Reader head(source);
  pipeline_shape().read(head, node, entry.head);
  // Values that are parameters have no meaning without a template: drop the errors about them.
  std::erase_if(head.errors(), [](const Error& error) { return error.what().find("$(params.") != std::string::npos; });
  move_errors(head, in.errors());
  const bool named = entry.head.name.source != nullptr && !entry.head.name.text.empty();
  if (!named || !node.IsMap()) return;
  const auto same = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry& one) { return one.head.name.text == entry.head.name.text; });
  if (same != entries_.end() && same->source == &source) {
    in.fail(Error(fmt::format("pipeline '{}' stands here a second time", entry.head.name.text), entry.head.name.where));
  } else if (same != entries_.end()) {
    *same = std::move(entry);
  } else {
    entries_.push_back(std::move(entry));
  }
}

void PipelineSet::add_shipped() {
  for (auto& shipped : shipped_pipelines()) {
    const Source& source = sources_.emplace_back(std::move(shipped));
    const auto node = parse_yaml(source);
    if (!node) {
      errors_.push_back(node.error());
      continue;
    }
    Reader in(source);
    add(source, *node, in, source.text);
    move_errors(in, errors_);
  }
}

void PipelineSet::add_folder(const std::filesystem::path& folder, const Position& named_at) {
  std::error_code ec;
  std::vector<std::filesystem::path> files;
  // Not a range-for: its ++ throws.
  for (std::filesystem::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec)) {
    const auto& path = entry->path();
    if (path.extension() == ".yaml" || path.extension() == ".yml") files.push_back(path);
  }
  if (ec)
    errors_.emplace_back(fmt::format("the folder {} cannot be read: {}", folder.string(), ec.message()), named_at);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    auto source = read_source(file);
    if (!source) {
      errors_.push_back(source.error());
      continue;
    }
    const Source& kept = sources_.emplace_back(std::move(*source));
    const auto node = parse_yaml(kept);
    if (!node) {
      errors_.push_back(node.error());
      continue;
    }
    Reader in(kept);
    add(kept, *node, in, kept.text);
    move_errors(in, errors_);
  }
}

void PipelineSet::add_inline(const YAML::Node& list, Reader& in) {
  if (!list.IsDefined() || list.IsNull()) return;
  if (!list.IsSequence()) return in.fail(list, "expected a list of pipelines");
  for (const YAML::Node& node : list) add(in.source(), node, in, source_lines(in.source(), node));
}

const PipelineSet::Entry* PipelineSet::find(const std::string& name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) { return one.head.name.text == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<Template> PipelineSet::instantiate(const TemplateDraft& of, Parameters& params, Reader& in) {
  const Entry* entry = find(of.pipeline.text);
  std::vector<std::string> known;
  if (entry == nullptr) {
    for (const auto& one : entries_) known.push_back(one.head.name.text);
    in.fail(Error(fmt::format("there is no pipeline '{}'{}", printable(of.pipeline.text, 80),
                              did_you_mean(of.pipeline.text, known)),
                  of.pipeline.where));
    return std::nullopt;
  }
  for (const auto& declared : entry->head.params) {
    known.push_back(declared.name.text);
    if (params.contains(declared.name.text)) continue;
    if (declared.default_value) {
      params.emplace(declared.name.text, *declared.default_value);
    } else {
      in.fail(Error(
          fmt::format("template '{}' has to give the parameter '{}' of {}: {}", of.name.text, declared.name.text,
                      of.pipeline.text, declared.description.empty() ? "it has no default" : declared.description),
          of.name.where));
      params.emplace(declared.name.text, "");
    }
  }
  for (const auto& [name, value] : params) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    in.fail(Error(fmt::format("pipeline {} has no parameter '{}'{}", of.pipeline.text, printable(name, 60),
                              did_you_mean(name, known)),
                  of.name.where));
  }
  Reader stages(*entry->source);
  stages.use_parameters(&params);
  stages.use_secrets(in.secrets());
  PipelineDraft draft;
  draft.merged.app = of.merged.app;
  pipeline_shape().read(stages, entry->node, draft);
  move_errors(stages, errors_);
  return std::move(draft.merged);
}

std::vector<Pipeline> PipelineSet::all() const {
  std::vector<Pipeline> pipelines;
  for (const auto& entry : entries_) {
    Pipeline pipeline;
    pipeline.name = PipelineName(entry.head.name.text);
    pipeline.description = entry.head.description;
    for (const auto& param : entry.head.params) {
      PipelineParameter parameter;
      parameter.name = param.name.text;
      parameter.default_value = param.default_value;
      parameter.description = param.description;
      pipeline.parameters.push_back(std::move(parameter));
    }
    pipeline.stages = entry.head.stages;
    pipeline.source = entry.text;
    pipeline.file = entry.source->file;
    pipelines.push_back(std::move(pipeline));
  }
  return pipelines;
}

}  // namespace slipway::config
