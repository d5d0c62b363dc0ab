#include "run/absences.hpp"

#include <algorithm>

namespace slipway::run {
namespace {

constexpr auto shortest = std::chrono::seconds(1);
constexpr int doublings = 6;

}  // namespace

std::set<RepoName> Absences::resting() const {
  const auto now = time_.now();
  std::set<RepoName> found;
  for (const auto& [repository, absence] : all_) {
    if (absence.until > now) found.insert(repository);
  }
  return found;
}

bool Absences::rests(const RepoName& repository) const {
  const auto found = all_.find(repository);
  return found != all_.end() && found->second.until > time_.now();
}

void Absences::failed(const RepoName& repository) {
  Absence& absence = all_[repository];
  absence.until = time_.now() + shortest * (1 << std::min(absence.failures, doublings));
  ++absence.failures;
}

}  // namespace slipway::run
