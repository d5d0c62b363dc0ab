#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"

namespace slipway::build {

class Slots;

/// A build slot that is held: its image store and caches have one owner at a time. Gives it back when destroyed.
class Slot {
 public:
  Slot(Slots& slots, int number, std::filesystem::path folder, TemplateName name);
  Slot(Slot&& other) noexcept;
  Slot& operator=(Slot&&) = delete;
  ~Slot();

  const std::filesystem::path& folder() const noexcept { return folder_; }
  std::filesystem::path root() const { return folder_ / "root"; }
  std::filesystem::path runroot() const { return folder_ / "runroot"; }
  /// Where the views of its runs are laid out: beside it, since a builder writes in it.
  std::filesystem::path view() const { return folder_.parent_path() / ("view-" + std::to_string(number_)); }
  /// Where it is noted which images its latest builds used.
  std::filesystem::path used_images() const { return folder_.parent_path() / ("used-" + std::to_string(number_)); }
  /// The folder that keeps a template's cache between runs, e.g. `.m2`; made where it is missing.
  std::filesystem::path cache(std::string_view name) const;
  int number() const noexcept { return number_; }

 private:
  Slots* slots_;
  int number_;
  std::filesystem::path folder_;
  TemplateName template_;
};

/// The build slots of one state directory: `<folder>/slot-N/{root,runroot,caches}`. As many as runs go at once; a template
/// gets the slot that it had before where that is free, since its layers and caches are there. Used on the loop.
class Slots {
 public:
  explicit Slots(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Slot take(const TemplateName& name);
  /// The slot that the template had last; nothing where it had none or another has it now.
  std::optional<Slot> take_again(const TemplateName& name);
  /// Folders of all slots that exist: what an earlier process may have left.
  std::vector<std::filesystem::path> all() const;

 private:
  friend class Slot;
  /// A free slot that has this template's caches.
  std::optional<int> had_by(const TemplateName& name) const;
  Slot hold(int number, const TemplateName& name);

  std::filesystem::path folder_;
  std::set<int> taken_;
};

}  // namespace slipway::build
