#include "cel/filter_set.hpp"

#include <map>
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

/// What the questions of all filters have in common: lists of the body, in their elements fields that hold paths, and for each field the
/// texts that anyone asks for. A text's number is its place in the marks of one delivery.
struct FilterSet::Plan {
  struct Field {
    std::string name;
    std::uint32_t number = 0;  // its place in the "well formed" marks
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
  /// What one delivery's lists hold.
  struct Marks {
    std::vector<char> well_formed;
    std::vector<char> found;
  };

  explicit Plan(std::vector<Program> given) : filters(std::move(given)) {
    std::map<std::vector<std::string>, std::size_t> places;
    for (const Program& filter : filters) {
      std::vector<Question>& asked = questions.emplace_back();
      for (const Node* node : filter.plan_->questions) {
        const PathQuestion& question = *node->question;
        const auto [place, fresh] = places.emplace(question.list, lists.size());
        if (fresh) lists.push_back({question.list, {}});
        asked.push_back(add(lists[place->second], question));
      }
    }
    for (List& list : lists) {
      for (Field& field : list.fields) field.tree = PrefixTree(field.prefixes);
    }
  }

  Question add(List& list, const PathQuestion& question) {
    Question made;
    for (const std::string& name : question.fields) made.fields.push_back(field_of(list, name).number);
    for (const PathQuestion::Test& test : question.tests) made.texts.push_back(text_of(field_of(list, test.field), test));
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

  std::uint32_t text_of(Field& field, const PathQuestion::Test& test) {
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

  Marks look(const Bindings& bindings) const {
    Marks marks{std::vector<char>(field_count), std::vector<char>(text_count)};
    for (const List& list : lists) {
      const rapidjson::Value* at = bindings.body;
      for (const std::string& name : list.path) at = at == nullptr ? nullptr : member(*at, name);
      if (at == nullptr || !at->IsArray()) continue;
      for (const Field& field : list.fields) marks.well_formed[field.number] = look_at(*at, field, marks) ? 1 : 0;
    }
    return marks;
  }

  // Marks the texts that paths of this field match; false where the field is not a list of strings in every element.
  static bool look_at(const rapidjson::Value& elements, const Field& field, Marks& marks) {
    for (const auto& element : elements.GetArray()) {
      const rapidjson::Value* paths = member(element, field.name);
      if (paths == nullptr || !paths->IsArray()) return false;
      for (const auto& path : paths->GetArray()) {
        if (!path.IsString()) return false;
        const std::string_view text = view(path);
        field.tree.each_prefix_of(text, [&](std::uint32_t number) { marks.found[number] = 1; });
        if (const auto whole = field.wholes.find(text); whole != field.wholes.end()) marks.found[whole->second] = 1;
        for (const auto& [suffix, number] : field.suffixes) {
          if (text.ends_with(suffix)) marks.found[number] = 1;
        }
      }
    }
    return true;
  }

  static std::int8_t answer(const Question& question, const Marks& marks) {
    for (const std::uint32_t field : question.fields) {
      if (marks.well_formed[field] == 0) return -1;
    }
    for (const std::uint32_t text : question.texts) {
      if (marks.found[text] != 0) return 1;
    }
    return 0;
  }

  std::vector<Program> filters;
  std::vector<List> lists;
  std::vector<std::vector<Question>> questions;  // of each filter
  std::uint32_t field_count = 0;
  std::uint32_t text_count = 0;
};

FilterSet::FilterSet(std::vector<Program> filters) : plan_(std::make_unique<const Plan>(std::move(filters))) {}
FilterSet::~FilterSet() = default;
FilterSet::FilterSet(FilterSet&&) noexcept = default;
FilterSet& FilterSet::operator=(FilterSet&&) noexcept = default;

std::vector<Result<bool>> FilterSet::test(const Bindings& bindings) const {
  const Plan::Marks marks = plan_->look(bindings);
  std::vector<Result<bool>> verdicts;
  verdicts.reserve(plan_->filters.size());
  std::vector<std::int8_t> answers;
  for (std::size_t i = 0; i < plan_->filters.size(); ++i) {
    answers.clear();
    for (const Plan::Question& question : plan_->questions[i]) answers.push_back(Plan::answer(question, marks));
    verdicts.push_back(plan_->filters[i].test(bindings, answers.data()));
  }
  return verdicts;
}

std::size_t FilterSet::size() const noexcept { return plan_->filters.size(); }

const Program& FilterSet::filter(std::size_t index) const { return plan_->filters[index]; }

}  // namespace slipway::cel
