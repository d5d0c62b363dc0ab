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

/// Exclusive ownership of a build slot, with its image store and caches. Released on destruction.
class Slot {
 public:
  Slot(Slots& slots, int number, std::filesystem::path folder, TemplateName name);
  Slot(Slot&& other) noexcept;
  Slot& operator=(Slot&&) = delete;
  ~Slot();

  const std::filesystem::path& folder() const noexcept { return folder_; }
  std::filesystem::path root() const { return folder_ / "root"; }
  std::filesystem::path runroot() const { return folder_ / "runroot"; }
  /// The folder for its runs' views. Not inside the slot, because builders write there.
  std::filesystem::path view() const { return folder_.parent_path() / ("view-" + std::to_string(number_)); }
  /// The file that lists the images its latest builds used.
  std::filesystem::path used_images() const { return folder_.parent_path() / ("used-" + std::to_string(number_)); }
  /// The folder that keeps a template's cache, such as `.m2`, between runs; created if missing.
  std::filesystem::path cache(std::string_view name) const;
  int number() const noexcept { return number_; }

 private:
  Slots* slots_;
  int number_;
  std::filesystem::path folder_;
  TemplateName template_;
};

/// The build slots of one state directory: `<folder>/slot-N/{root,runroot,caches}`. There are as many as concurrent runs. A template
/// gets the slot it had before, if free, since its layers and caches are there. Used on the loop.
class Slots {
 public:
  explicit Slots(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Slot take(const TemplateName& name);
  /// A slot that the template had before; nothing if it had none or it is taken.
  std::optional<Slot> take_again(const TemplateName& name);
  /// Folders of all existing slots, including those left by an earlier process.
  std::vector<std::filesystem::path> all() const;

 private:
  friend class Slot;
  /// The number of a free slot with this template's caches.
  std::optional<int> had_by(const TemplateName& name) const;
  Slot hold(int number, const TemplateName& name);

  std::filesystem::path folder_;
  std::set<int> taken_;
};

}  // namespace slipway::build
