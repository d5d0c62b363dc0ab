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

Slot Slots::take(const TemplateName& name) {
  int chosen = -1;
  for (int number = 0; number < 1024; ++number) {
    if (taken_.contains(number)) continue;
    if (chosen < 0) chosen = number;
    const auto folder = slot_folder(folder_, number);
    if (!fs::exists(folder)) break;
    if (fs::exists(folder / "caches" / segment(name.value()))) {
      chosen = number;
      break;
    }
  }
  const auto folder = slot_folder(folder_, chosen);
  // Marks the slot as this template's, and is where its caches go.
  fs::create_directories(folder / "caches" / segment(name.value()));
  taken_.insert(chosen);
  return Slot(*this, chosen, folder, name);
}

std::optional<Slot> Slots::take_again(const TemplateName& name) {
  for (int number = 0; fs::exists(slot_folder(folder_, number)); ++number) {
    const auto folder = slot_folder(folder_, number);
    if (taken_.contains(number) || !fs::exists(folder / "caches" / segment(name.value()))) continue;
    taken_.insert(number);
    return std::optional<Slot>(std::in_place, *this, number, folder, name);
  }
  return std::nullopt;
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
