#include "build/local/slots.hpp"

#include <fstream>
#include <utility>

#include "io/url.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

/// A name as one path segment, never `.` or `..`.
std::string segment(std::string_view name) { return "_" + io::percent_encode(name); }

fs::path slot_folder(const fs::path& folder, int number) { return folder / ("slot-" + std::to_string(number)); }

}  // namespace

Slot::Slot(Slots& slots, int number, fs::path folder, TemplateName name)
    : slots_(&slots), number_(number), folder_(std::move(folder)), template_(std::move(name)) {}

Slot::Slot(Slot&& other) noexcept
    : slots_(std::exchange(other.slots_, nullptr)),
      number_(other.number_),
      folder_(std::move(other.folder_)),
      template_(std::move(other.template_)) {}

Slot::~Slot() {
  if (slots_ != nullptr) slots_->taken_.erase(number_);
}

fs::path Slot::cache(std::string_view name) const {
  const fs::path folder = folder_ / "caches" / segment(template_.value()) / segment(name);
  fs::create_directories(folder);
  return folder;
}

std::optional<int> Slots::had_by(const TemplateName& name) const {
  for (int number = 0; fs::exists(slot_folder(folder_, number)); ++number) {
    if (!taken_.contains(number) && fs::exists(slot_folder(folder_, number) / "caches" / segment(name.value()))) return number;
  }
  return std::nullopt;
}

Slot Slots::hold(int number, const TemplateName& name) {
  taken_.insert(number);
  return Slot(*this, number, slot_folder(folder_, number), name);
}

Slot Slots::take(const TemplateName& name) {
  int chosen = 0;
  while (taken_.contains(chosen)) ++chosen;
  if (const auto own = had_by(name)) chosen = *own;
  // Holds the template's caches, and marks the slot as having been used by it.
  fs::create_directories(slot_folder(folder_, chosen) / "caches" / segment(name.value()));
  return hold(chosen, name);
}

std::optional<Slot> Slots::take_again(const TemplateName& name) {
  const auto own = had_by(name);
  if (!own) return std::nullopt;
  return hold(*own, name);
}

std::vector<fs::path> Slots::all() const {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (entry.path().filename().string().starts_with("slot-")) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace slipway::build
