// The daemon's part with deliveries: accepted once, completed, doubted, made up for.
#include <algorithm>

#include "world.hpp"

namespace slipway::simulate {

using schedule::Rule;

namespace {

Fingerprint fingerprint_of(const std::string& hash) {
  Fingerprint fingerprint{};
  std::copy_n(hash.begin(), std::min(hash.size(), fingerprint.size()), fingerprint.begin());
  return fingerprint;
}

}  // namespace

void World::deliver(const Letter& letter) {
  Delivery delivery;
  delivery.id = DeliveryId(letter.id);
  delivery.fingerprint = fingerprint_of(letter.hash);
  delivery.source = letter.source;
  delivery.push.repository = repo_names_[static_cast<std::size_t>(letter.push.repo)];
  delivery.push.ref = "refs/heads/main";
  delivery.push.before = History::sha(letter.push.before);
  delivery.push.after = History::sha(letter.push.after);
  schedule::Known known;
  const auto same = std::find_if(disk_.deliveries.begin(), disk_.deliveries.end(),
                                 [&](const StoredDelivery& one) { return one.id == letter.id; });
  if (same != disk_.deliveries.end()) known.same_id = fingerprint_of(same->hash);
  known.last = disk_.last.at(letter.push.repo);
  known.seen = History::sha(disk_.seen.at(letter.push.repo));
  if (!options_.rules.has(Rule::push_in_between)) {
    for (const StoredDelivery& one : disk_.deliveries) {
      if (one.push.repo == letter.push.repo && one.push.before == letter.push.before && one.push.after == letter.push.after) {
        known.last = schedule::LastPush(delivery.push.before, delivery.push.after);
      }
    }
  }
  const auto reception = schedule::receive(delivery, known, options_.rules);
  check_arrival(letter, reception.arrival != schedule::Arrival::fresh);
  if (reception.arrival != schedule::Arrival::fresh) return;
  const Slices changed = letter.source == Source::reconcile ? history_.difference(letter.push.before, letter.push.after) : letter.push.listed;
  store_fresh(letter, reception, watched_by(letter.push.repo, changed));
}

void World::store_fresh(const Letter& letter, const schedule::Reception& reception, Slices matched) {
  StoredDelivery stored;
  stored.id = letter.id;
  stored.hash = letter.hash;
  stored.push = letter.push;
  stored.judged = matched;
  stored.base = History::number(reception.base);
  stored.pending = letter.source == Source::webhook && (letter.push.incomplete || reception.gap);
  stored.taken = letter.source == Source::webhook && !stored.pending;
  disk_.deliveries.push_back(stored);
  disk_.last[letter.push.repo] = schedule::LastPush(History::sha(letter.push.before), History::sha(letter.push.after));
  disk_.seen[letter.push.repo] = letter.push.after;
  disk_.last_delivery[letter.push.repo] = disk_.deliveries.size() - 1;
  const Kind next = stored.pending ? Kind::complete : Kind::doubt;
  at_time(now_ + random_.between(1, 20), next, static_cast<int>(disk_.deliveries.size()) - 1);
  make_runs(letter, matched);
}

void World::make_runs(const Letter& letter, Slices matched) {
  for (int t = 0; t < templates; ++t) {
    if ((matched >> t & 1u) == 0) continue;
    StoredRun run;
    run.id = RunId(static_cast<std::int64_t>(disk_.runs.size()) + 1);
    run.of_template = t;
    run.repo = letter.push.repo;
    run.commit = letter.push.after;
    run.push = letter.push.serial;
    run.delivery = letter.id;
    disk_.runs.push_back(run);
    state_.queued(group_of(run), run.id);
    say("run " + std::to_string(run.id.value()) + ": " + names_[static_cast<std::size_t>(t)].value() + " at " + std::to_string(run.commit));
    if (++runs_of_delivery_[std::pair(letter.id, t)] > 1) violated("delivery " + letter.id + " made two runs of one template");
  }
}

void World::complete(std::size_t number) {
  StoredDelivery& delivery = disk_.deliveries[number];
  if (!up_ || !delivery.pending) return;
  if (down_[source_git] > 0) {
    at_time(now_ + random_.between(10, 60), Kind::complete, static_cast<int>(number));
    return;
  }
  delivery.pending = false;
  const SourcePush& push = delivery.push;
  const CommitSha& after = History::sha(push.after);
  const CommitSha& base = History::sha(delivery.base);
  const bool gap = delivery.base != push.before;
  const bool still_there = history_.contains(heads_[static_cast<std::size_t>(push.repo)], delivery.base);
  const bool late = gap && still_there && history_.contains(delivery.base, push.after);
  if (schedule::branch_position(base, after, late, options_.rules) != after) was_late(number);
  Slices changed = history_.difference(late ? push.before : delivery.base, push.after);
  if (gap && !late && !history_.contains(push.after, push.before)) changed |= history_.difference(push.before, push.after);
  const Slices all = watched_by(push.repo, changed);
  Letter letter;
  letter.id = delivery.id;
  letter.push = delivery.push;
  make_runs(letter, all & ~delivery.judged);
}

/// A push that was taken at its word turns out to be forced: what it took away is in no list.
void World::doubt(std::size_t number) {
  StoredDelivery& delivery = disk_.deliveries[number];
  if (!up_ || !delivery.taken || !options_.rules.has(Rule::doubt)) return;
  if (down_[source_git] > 0) return at_time(now_ + random_.between(10, 60), Kind::doubt, static_cast<int>(number));
  delivery.taken = false;
  if (history_.contains(delivery.push.after, delivery.push.before)) return;
  delivery.pending = true;
  at_time(now_ + random_.between(1, 20), Kind::complete, static_cast<int>(number));
}

/// Git says that the branch had been further when this was pushed: what was taken from it as the branch's head is put right.
void World::was_late(std::size_t number) {
  const StoredDelivery& late = disk_.deliveries[number];
  if (disk_.last_delivery[late.push.repo] == number) {
    disk_.seen[late.push.repo] = late.base;
  }
  for (std::size_t i = number + 1; i < disk_.deliveries.size(); ++i) {
    StoredDelivery& next = disk_.deliveries[i];
    if (next.pending && next.push.repo == late.push.repo && next.base == late.push.after) next.base = late.base;
  }
}

/// What Git shows of a branch and no delivery told is judged like a push.
void World::deliver_missed(int repo, int before, int after) {
  Letter letter;
  letter.source = Source::reconcile;
  letter.push.serial = -1;
  letter.push.repo = repo;
  letter.push.before = before;
  letter.push.after = after;
  letter.id = "reconcile-" + std::to_string(now_) + "-" + std::to_string(repo) + "-" + std::to_string(disk_.deliveries.size());
  letter.hash = letter.id;
  deliver(letter);
}

/// A run's commit is no longer on its branch, which according to the deliveries is still there.
void World::note_elsewhere(const StoredRun& run) {
  const int head = heads_[static_cast<std::size_t>(run.repo)];
  if (disk_.seen.at(run.repo) == run.commit && !history_.contains(head, run.commit)) deliver_missed(run.repo, run.commit, head);
}

void World::reconcile() {
  if (!up_ || down_[source_git] > 0 || !options_.rules.has(Rule::reconcile)) return;
  for (int repo = 0; repo < repositories; ++repo) {
    const int seen = disk_.seen.at(repo);
    const int head = heads_[static_cast<std::size_t>(repo)];
    if (seen == head) continue;
    // Where the branch was is not sure before its pending deliveries are completed.
    const bool unsure = std::any_of(disk_.deliveries.begin(), disk_.deliveries.end(),
                                    [&](const StoredDelivery& one) { return one.pending && one.push.repo == repo; });
    if (unsure) continue;
    deliver_missed(repo, seen, head);
  }
}

}  // namespace slipway::simulate
