#include "run/forced_pushes.hpp"

#include "base/failure.hpp"
#include "config/catalogue.hpp"
#include "trigger/gitea.hpp"

namespace slipway::run {

ForcedPushes::ForcedPushes(queue::Queue& queue, git::SourceMirror& sources, Log log) : queue_(queue), sources_(sources), log_(std::move(log)) {}

Task<> ForcedPushes::find(const trigger::Matcher& matcher, Absences& absences, Clock::time_point patient_since) {
  const config::Catalogue& catalogue = matcher.catalogue();
  if (!catalogue.complete_commits()) co_return;
  const auto heads = co_await queue_.branch_heads();
  for (const auto& head : heads) {
    if (head.ref != trigger::watched_ref || !catalogue.watches(head.repository) || compared_[head.repository] == head.last) continue;
    if (absences.rests(head.repository)) continue;
    std::string trouble;
    bool waits = true;
    try {
      co_await compare(head);
    } catch (const Unavailable& error) {
      trouble = error.what();
    } catch (const Refused& error) {
      trouble = error.what();
      waits = head.stored > patient_since;
    }
    if (!waits) compared_[head.repository] = head.last;
    if (trouble.empty() || !waits) {
      absences.answered(head.repository);
      continue;
    }
    absences.failed(head.repository);
    log_.warn("pushes cannot be compared with their branch yet", {{"repository", head.repository.value()}, {"error", trouble}});
  }
}

Task<> ForcedPushes::compare(queue::BranchHead head) {
  const auto pushes = co_await queue_.taken(head.repository, head.ref, compared_[head.repository]);
  bool fetched = false;
  for (const auto& push : pushes) {
    bool known = co_await sources_.contains(head.repository, push.after);
    if (!known && !fetched) {
      co_await sources_.fetch(head.repository);
      fetched = true;
      known = co_await sources_.contains(head.repository, push.after);
    }
    if (!known || push.before == push.after) continue;
    const bool grown = co_await sources_.is_ancestor(head.repository, push.before, push.after);
    if (grown) continue;
    // If `before` no longer exists anywhere, nothing can be said about what the branch had.
    bool replaced = co_await sources_.contains(head.repository, push.before);
    if (!replaced) replaced = co_await sources_.fetch_commit(head.repository, push.before);
    if (replaced) co_await queue_.doubt(push.delivery);
  }
  compared_[head.repository] = head.last;
}

}  // namespace slipway::run
