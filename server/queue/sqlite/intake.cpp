#include <algorithm>
#include <iterator>

#include "base/failure.hpp"
#include "queue/sqlite/store.hpp"

namespace slipway::queue::sqlite {
namespace {

/// Whether a run of the same template for the same trigger was asked for.
bool is_among(const std::vector<RunRequest>& asked, const RunRequest& request) {
  return std::any_of(asked.begin(), asked.end(), [&](const RunRequest& one) {
    return one.template_name == request.template_name && one.trigger == request.trigger;
  });
}

}  // namespace

Store::Branch& Store::branch_of(const Push& push) {
  constexpr std::size_t many = 1000;
  const std::string name = push.repository.value() + ' ' + push.ref;
  if (const auto known = known_branches_.find(name); known != known_branches_.end()) return known->second;
  if (known_branches_.size() >= many) forget_branches();
  Branch branch;
  {
    auto row = database_.query("SELECT number, before, after, delivery, seen FROM branches WHERE repository = ? AND ref = ?",
                               push.repository.value(), push.ref);
    if (row.next()) {
      branch.number = row.integer(0);
      branch.last.emplace(CommitSha(unpacked(row, 1)), CommitSha(unpacked(row, 2)));
      branch.last_delivery = row.integer(3);
      branch.seen = CommitSha(unpacked(row, 4));
    }
  }
  if (branch.number == 0) {
    database_.run("INSERT INTO branches(repository, ref) VALUES(?, ?)", push.repository.value(), push.ref);
    branch.number = database_.last_insert();
  }
  return known_branches_.emplace(name, std::move(branch)).first->second;
}

void Store::write_branches() {
  for (Branch* const branch : moved_branches_) {
    database_.run("UPDATE branches SET before = ?, after = ?, seen = ?, delivery = ?, stored = ? WHERE number = ?",
                  Blob(Packed(branch->last->before.value())), Blob(Packed(branch->last->after.value())),
                  Blob(Packed(branch->seen.value())), branch->last_delivery, *branch->stored, branch->number);
    branch->stored.reset();
  }
  moved_branches_.clear();
}

void Store::forget_branches() {
  write_branches();
  known_branches_.clear();
}

/// The id to store a delivery under: its own or, if other bodies have taken that, `id~2`, `id~3`, …
struct Store::Name {
  DeliveryId free;        ///< first id not taken
  std::int64_t same = 0;  ///< number of the stored delivery with the same id and body; 0: none
};

Store::Name Store::name_of(const Delivery& delivery) {
  Name name;
  name.free = delivery.id;
  for (int copy = 2;; ++copy) {
    auto row = database_.query("SELECT number, fingerprint FROM deliveries WHERE id = ?", name.free.value());
    if (!row.next()) return name;
    if (row.text(1) == Blob(delivery.fingerprint).bytes) {
      name.same = row.integer(0);
      return name;
    }
    name.free = DeliveryId(delivery.id.value() + "~" + std::to_string(copy));
  }
}

Accepted Store::accept(const Delivery& delivery, const Decision& decision, Clock::time_point now) {
  Branch& branch = branch_of(delivery.push);
  const Name name = name_of(delivery);
  schedule::Known known;
  known.last = branch.last;
  known.seen = branch.seen;
  if (name.same != 0) known.same_id = delivery.fingerprint;
  const auto reception = schedule::receive(delivery, known);
  if (reception.arrival != schedule::Arrival::fresh) {
    const bool same_id = reception.arrival == schedule::Arrival::duplicate_id;
    const std::int64_t first = same_id ? name.same : branch.last_delivery;
    if (reception.arrival == schedule::Arrival::stale_reconcile) return first_answer(first);
    const auto missing = missing_runs(first, decision);
    if (missing.empty()) return first_answer(first);
    return judge_again(first, branch.number, delivery, decision, missing, now);
  }

  Accepted accepted;
  accepted.delivery = name.free;
  accepted.gap = reception.gap;
  accepted.pending = decision.pending() || (reception.gap && decision.watched() && options_.complete_commits);

  const std::int64_t number = next_delivery_;
  for (const RunRequest& request : decision.runs()) {
    const schedule::Group group(request.template_name, delivery.push.repository, delivery.push.ref);
    const RunId run = make_run(number, branch.number, group, delivery, request, request.only_when_completed, now);
    accepted.runs.emplace_back(run, request.template_name, RunState::queued);
  }
  const std::string_view body = delivery.body ? std::string_view(*delivery.body) : std::string_view();
  const Extent extent = segments_.append({delivery.headers.text(), delivery.target, decision.json(), body});
  const Packed before(delivery.push.before.value()), after(delivery.push.after.value()), base(reception.base.value());
  const bool other_base = reception.base != delivery.push.before;
  database_.run(
      "INSERT INTO deliveries(number, id, branch, before, after, fingerprint, source, received, stored, segment, \"offset\", "
      "length, first_run, runs, pending, base, gap) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      number, accepted.delivery.value(), branch.number, Blob(before), Blob(after), Blob(delivery.fingerprint), delivery.source,
      delivery.received, now, extent.segment, extent.offset, extent.length,
      accepted.runs.empty() ? 0 : accepted.runs.front().run.value(), accepted.runs.size(),
      accepted.pending ? std::optional(1) : std::nullopt, other_base ? std::optional<Blob>(base) : std::nullopt,
      accepted.gap ? std::optional(1) : std::nullopt);
  ++next_delivery_;
  if (!branch.stored) moved_branches_.push_back(&branch);
  branch.last.emplace(delivery.push.before, delivery.push.after);
  branch.seen = delivery.push.after;
  branch.last_delivery = number;
  branch.stored = now;
  return accepted;
}

/// The runs that a push makes although it is known: all, if it made none (the configuration has been fixed since), and those that a
/// comparison of heads could not ask for, because Git does not know all that a payload says.
std::vector<RunRequest> Store::missing_runs(std::int64_t delivery, const Decision& decision) {
  Extent extent;
  bool from_git = false;
  {
    auto row = database_.query(
        "SELECT runs, source, segment, \"offset\", length FROM deliveries WHERE number = ? AND coalesce(later, 0) = 0 AND pending IS NULL",
        delivery);
    if (!row.next()) return {};
    if (row.integer(0) == 0) return decision.runs();
    from_git = static_cast<Source>(row.integer(1)) == Source::reconcile;
    extent = Extent(row.integer(2), row.integer(3), row.integer(4));
  }
  const auto asked = from_git ? requests_at(extent) : std::vector<RunRequest>();
  if (asked.empty()) return {};
  auto missing = decision.runs();
  std::erase_if(missing, [&](const RunRequest& one) { return is_among(asked, one); });
  return missing;
}

Accepted Store::judge_again(std::int64_t number, std::int64_t branch, const Delivery& delivery, const Decision& decision,
                            const std::vector<RunRequest>& missing, Clock::time_point now) {
  const Push& push = delivery.push;
  const std::int64_t first = next_run_;
  for (const RunRequest& request : missing) {
    const schedule::Group group(request.template_name, push.repository, push.ref);
    make_run(number, branch, group, delivery, request, request.only_when_completed, now);
  }
  database_.run("UPDATE deliveries SET first_later = ?, later = ?, completed_verdict = ? WHERE number = ?", first, missing.size(),
                decision.json(), number);
  Accepted accepted = first_answer(number);
  accepted.duplicate = false;
  return accepted;
}

RunId Store::make_run(std::int64_t delivery, std::int64_t branch, const schedule::Group& group, const Delivery& of,
                      const RunRequest& request, bool only_when_completed, Clock::time_point now) {
  const auto rules = options_.policy.templates.find(request.template_name);
  const std::int64_t priority = rules == options_.policy.templates.end() ? 0 : rules->second.priority;
  database_.run(
      "INSERT INTO runs(id, delivery, template, branch, \"commit\", \"trigger\", parameters, source, only_when_completed, "
      "priority, created, state, place, next_stage) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
      next_run_, delivery, template_number(request.template_name), branch, Blob(Packed(of.push.after.value())), request.trigger,
      to_json(request.parameters), of.source, only_when_completed, priority, now);
  const RunId run(next_run_++);
  state_.queued(group, run);
  news_ = true;
  return run;
}

std::vector<MadeRun> Store::made_runs(std::int64_t first, std::int64_t count) {
  std::vector<MadeRun> runs;
  for (std::int64_t i = 0; i < count; ++i) {
    auto row = database_.query("SELECT t.name, r.state, r.reason FROM runs r JOIN templates t ON t.number = r.template WHERE r.id = ?",
                               first + i);
    if (row.next()) {
      runs.emplace_back(RunId(first + i), TemplateName(row.text(0)), static_cast<RunState>(row.integer(1)), row.text(2));
    } else {
      runs.emplace_back(RunId(first + i), TemplateName(), std::nullopt);
    }
  }
  return runs;
}

Accepted Store::first_answer(std::int64_t delivery) {
  Accepted accepted;
  accepted.duplicate = true;
  std::int64_t first = 0, runs = 0, first_later = 0, later = 0;
  Extent extent;
  {
    auto row = database_.query(
        "SELECT id, first_run, runs, first_later, later, pending, gap, segment, \"offset\", length FROM deliveries "
        "WHERE number = ?", delivery);
    if (!row.next()) return accepted;
    accepted.delivery = DeliveryId(row.text(0));
    first = row.integer(1);
    runs = row.integer(2);
    first_later = row.integer(3);
    later = row.integer(4);
    accepted.pending = row.integer(5) != 0;
    accepted.gap = row.integer(6) != 0;
    extent = Extent(row.integer(7), row.integer(8), row.integer(9));
  }
  accepted.runs = made_runs(first, runs);
  name_removed(accepted.runs, extent);
  auto more = made_runs(first_later, later);
  std::move(more.begin(), more.end(), std::back_inserter(accepted.runs));
  return accepted;
}

void Store::name_removed(std::vector<MadeRun>& runs, const Extent& extent) {
  const bool all_there = std::all_of(runs.begin(), runs.end(), [](const MadeRun& run) { return run.state.has_value(); });
  if (all_there) return;
  const auto requests = requests_at(extent);
  for (std::size_t i = 0; i < runs.size() && i < requests.size(); ++i) runs[i].template_name = requests[i].template_name;
}

/// Needed only for names, so a failed read must not fail the whole transaction.
std::vector<RunRequest> Store::requests_at(const Extent& extent) {
  try {
    return read_requests(directory_, extent);
  } catch (const Unavailable&) {
    return {};
  }
}

/// Whether one of the `count` runs starting at id `first` was made for `request`.
bool Store::has_run(std::int64_t first, std::int64_t count, const RunRequest& request) {
  auto row = database_.query(
      "SELECT 1 FROM runs r JOIN templates t ON t.number = r.template WHERE r.id >= ? AND r.id < ? AND t.name = ? AND r.\"trigger\" = ?",
      first, first + count, request.template_name.value(), request.trigger);
  return row.next();
}

std::vector<MadeRun> Store::complete(const DeliveryId& id, const Verdict& verdict, const std::vector<RunRequest>& first,
                                     bool moves_nothing, Clock::time_point now) {
  std::vector<MadeRun> made;
  std::int64_t number = 0, branch = 0, first_run = 0, runs = 0;
  Delivery delivery;
  {
    auto row = database_.query(
        "SELECT d.number, d.branch, d.source, d.after, b.repository, b.ref, d.first_run, d.runs "
        "FROM deliveries d JOIN branches b ON b.number = d.branch WHERE d.id = ? AND d.pending = 1", id.value());
    if (!row.next()) return made;
    number = row.integer(0);
    branch = row.integer(1);
    delivery.source = static_cast<Source>(row.integer(2));
    delivery.push.after = CommitSha(unpacked(row, 3));
    delivery.push.repository = RepoName(row.text(4));
    delivery.push.ref = row.text(5);
    first_run = row.integer(6);
    runs = row.integer(7);
  }
  if (moves_nothing) put_branch_right(number);
  // Check both: the first verdict, because its runs may have been removed by now; and the runs, because its record may be lost.
  for (const RunRequest& request : verdict.runs) {
    if (is_among(first, request) || has_run(first_run, runs, request)) continue;
    const schedule::Group group(request.template_name, delivery.push.repository, delivery.push.ref);
    made.emplace_back(make_run(number, branch, group, delivery, request, true, now), request.template_name, RunState::queued);
  }
  database_.run(
      "UPDATE deliveries SET pending = NULL, first_later = ?, later = ?, completed_verdict = ? WHERE number = ?",
      made.empty() ? 0 : made.front().run.value(), made.size(), Decision(verdict).json(), number);
  return made;
}

void Store::doubt(const DeliveryId& id) {
  database_.run("UPDATE deliveries SET pending = 1 WHERE id = ? AND completed_verdict IS NULL", id.value());
}

/// The branch was already further along when this delivery was stored, or that is not known. Moves the branch back to the position seen before it, and makes
/// pending deliveries that would be compared with this one's `after` be compared with that position instead.
void Store::put_branch_right(std::int64_t delivery) {
  forget_branches();
  database_.run(
      "UPDATE deliveries SET base = (SELECT coalesce(base, before) FROM deliveries WHERE number = ?1) WHERE number > ?1 AND pending = 1 "
      "AND branch = (SELECT branch FROM deliveries WHERE number = ?1) "
      "AND coalesce(base, before) = (SELECT after FROM deliveries WHERE number = ?1)", delivery);
  database_.run(
      "UPDATE branches SET seen = (SELECT coalesce(base, before) FROM deliveries WHERE number = ?1) WHERE delivery = ?1", delivery);
}

}  // namespace slipway::queue::sqlite
