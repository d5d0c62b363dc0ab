#include "cel/filter_set.hpp"

#include <map>
#include <optional>
#include <unordered_map>

#include "cel/eval.hpp"
#include "cel/prefix_tree.hpp"

namespace slipway::cel {

namespace {

using Match = PathQuestion::Match;

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  for (const auto& entry : object.GetObject()) {
    if (view(entry.name) == name) return &entry.value;
  }
  return nullptr;
}

}  // namespace

/// All path questions of the filters, merged: the body lists they read, in each list the element fields that hold
/// paths, and for each field the texts asked for. A text's number is its index in Seen::found.
struct FilterSet::Plan {
  struct Field {
    std::string name;
    std::uint32_t number = 0;  // index into Seen::well_formed
    std::vector<std::pair<std::string, std::uint32_t>> prefixes, suffixes;
    std::unordered_map<std::string_view, std::uint32_t> wholes;
    PrefixTree tree;
  };
  struct List {
    std::vector<std::string> path;
    std::vector<Field> fields;
  };
  struct Question {
    std::vector<std::uint32_t> fields, texts;
  };
  /// What was found in one delivery's lists.
  struct Seen {
    Marks well_formed;
    Marks found;
  };

  /// A part of a filter: a path question, or an expression that also occurs in other filters.
  struct Part {
    std::optional<Question> question;
    std::optional<std::size_t> shared;
  };
  /// An expression that occurs literally in several filters.
  struct Shared {
    const Program::Plan* plan;
    const Node* node;
  };

  explicit Plan(std::vector<Program> given) : filters(std::move(given)) {
    const auto counts = count_texts();
    std::map<std::vector<std::string>, std::size_t> places;
    std::map<std::string_view, std::size_t> shared_places;
    for (const Program& filter : filters) {
      begins.push_back(parts.size());
      for (const Node* node : filter.plan_->parts) {
        Part& part = parts.emplace_back();
        if (node->question) {
          const PathQuestion& question = *node->question;
          const auto [place, fresh] = places.emplace(question.list, lists.size());
          if (fresh) lists.push_back({question.list, {}});
          part.question = add(lists[place->second], question);
        } else if (const auto text = text_of(*filter.plan_, *node); counts.at(text) > 1) {
          const auto [place, fresh] = shared_places.emplace(text, shared.size());
          if (fresh) shared.push_back({filter.plan_.get(), node});
          part.shared = place->second;
        }
      }
    }
    begins.push_back(parts.size());
    for (List& list : lists) {
      for (Field& field : list.fields) field.tree = PrefixTree(field.prefixes);
    }
  }

  static std::string_view text_of(const Program::Plan& plan, const Node& node) {
    return std::string_view(plan.source.text()).substr(node.expr->begin, node.expr->end - node.expr->begin);
  }

  std::map<std::string_view, int> count_texts() const {
    std::map<std::string_view, int> counts;
    for (const Program& filter : filters) {
      for (const Node* node : filter.plan_->parts) ++counts[text_of(*filter.plan_, *node)];
    }
    return counts;
  }

  Question add(List& list, const PathQuestion& question) {
    Question made;
    for (const std::string& name : question.fields) made.fields.push_back(field_of(list, name).number);
    for (const PathQuestion::Test& test : question.tests) made.texts.push_back(number_of(field_of(list, test.field), test));
    return made;
  }

  Field& field_of(List& list, const std::string& name) {
    for (Field& field : list.fields) {
      if (field.name == name) return field;
    }
    Field& made = list.fields.emplace_back();
    made.name = name;
    made.number = field_count++;
    return made;
  }

  std::uint32_t number_of(Field& field, const PathQuestion::Test& test) {
    if (test.match == Match::whole) {
      const auto [place, fresh] = field.wholes.emplace(test.text, text_count);
      if (fresh) ++text_count;
      return place->second;
    }
    auto& known = test.match == Match::prefix ? field.prefixes : field.suffixes;
    for (const auto& [text, number] : known) {
      if (text == test.text) return number;
    }
    known.emplace_back(test.text, text_count);
    return text_count++;
  }

  Seen look(const Bindings& bindings) const {
    Seen seen{Marks(field_count), Marks(text_count)};
    for (const List& list : lists) {
      const rapidjson::Value* at = bindings.body;
      for (const std::string& name : list.path) at = at == nullptr ? nullptr : member(*at, name);
      if (at == nullptr || !at->IsArray()) continue;
      for (const Field& field : list.fields) seen.well_formed[field.number] = look_at(*at, field, seen.found) ? 1 : 0;
    }
    return seen;
  }

  // Marks the texts that paths in this field match; false unless the field is a list of strings in every element.
  static bool look_at(const rapidjson::Value& elements, const Field& field, Marks& found) {
    for (const auto& element : elements.GetArray()) {
      const rapidjson::Value* paths = member(element, field.name);
      if (paths == nullptr || !paths->IsArray()) return false;
      for (const auto& path : paths->GetArray()) {
        if (!path.IsString()) return false;
        const std::string_view text = view(path);
        field.tree.each_prefix_of(text, [&](std::uint32_t number) { found[number] = 1; });
        if (const auto whole = field.wholes.find(text); whole != field.wholes.end()) found[whole->second] = 1;
        for (const auto& [suffix, number] : field.suffixes) {
          if (text.ends_with(suffix)) found[number] = 1;
        }
      }
    }
    return true;
  }

  static std::int8_t answer(const Question& question, const Seen& seen) {
    for (const std::uint32_t field : question.fields) {
      if (seen.well_formed[field] == 0) return -1;
    }
    for (const std::uint32_t text : question.texts) {
      if (seen.found[text] != 0) return 1;
    }
    return 0;
  }

  Marks answers(const Bindings& bindings) const {
    const Seen seen = look(bindings);
    Marks said;
    for (const Shared& one : shared) {
      const Value value = Evaluation(*one.plan, bindings).run(*one.node);
      said.push_back(value.is(Kind::boolean) ? static_cast<std::int8_t>(value.as_bool()) : std::int8_t{-1});
    }
    Marks all(parts.size(), -1);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].question) all[i] = answer(*parts[i].question, seen);
      if (parts[i].shared) all[i] = said[*parts[i].shared];
    }
    return all;
  }

  std::vector<Program> filters;
  std::vector<List> lists;
  std::vector<Shared> shared;
  std::vector<Part> parts;          // of all filters, concatenated
  std::vector<std::size_t> begins;  // index of each filter's first part, plus the end
  std::uint32_t field_count = 0;
  std::uint32_t text_count = 0;
};

FilterSet::FilterSet(std::vector<Program> filters) : plan_(std::make_unique<const Plan>(std::move(filters))) {}
FilterSet::~FilterSet() = default;
FilterSet::FilterSet(FilterSet&&) noexcept = default;
FilterSet& FilterSet::operator=(FilterSet&&) noexcept = default;

FilterSet::Judgement FilterSet::judge(const Bindings& bindings) const {
  Judgement made(*plan_);
  made.answers_ = plan_->answers(bindings);
  made.said_.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const Program& filter = plan_->filters[i];
    const Answers answers = made.answers_.data() + plan_->begins[i];
    std::int8_t said = known_together(answers, *filter.plan_->root);
    if (said < 0) {
      const Result<bool> tested = filter.test(bindings, answers);
      if (!tested) made.errors_.emplace(i, tested.error());
      said = tested && *tested ? 1 : 0;
    }
    made.said_.push_back(said);
  }
  return made;
}

std::vector<Result<bool>> FilterSet::test(const Bindings& bindings) const {
  const Judgement judgement = judge(bindings);
  std::vector<Result<bool>> verdicts;
  for (std::size_t i = 0; i < size(); ++i) verdicts.push_back(judgement.verdict(i));
  return verdicts;
}

Result<bool> FilterSet::Judgement::verdict(std::size_t index) const {
  if (const auto error = errors_.find(index); error != errors_.end()) return error->second;
  return said_[index] != 0;
}

std::string FilterSet::Judgement::refusal(std::size_t index, const Bindings& bindings) const {
  return plan_->filters[index].refusal(bindings, answers_.data() + plan_->begins[index]);
}

std::size_t FilterSet::size() const noexcept { return plan_->filters.size(); }

const Program& FilterSet::filter(std::size_t index) const { return plan_->filters[index]; }

}  // namespace slipway::cel
