#include "queue/sqlite/queries.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/failure.hpp"
#include "base/hex.hpp"
#include "queue/sqlite/rows.hpp"
#include "queue/sqlite/segments.hpp"

namespace slipway::queue::sqlite {
namespace {

/// Reads a delivery's bytes. A failure is noted in it rather than thrown, so that it does not hold up the others.
void read_bytes(Pending& one, const std::filesystem::path& directory, const Extent& extent) {
  try {
    auto payload = read_record(directory, extent);
    if (!payload) return;
    one.delivery.headers = std::move(payload->headers);
    one.delivery.target = std::move(payload->target);
    one.delivery.body = std::make_shared<const std::string>(std::move(payload->body));
  } catch (const Unavailable& error) {
    one.unreadable = error.what();
  }
}

std::vector<Run> read_runs(Cursor row) {
  std::vector<Run> runs;
  while (row.next()) runs.push_back(run_from(row));
  return runs;
}

std::vector<Run> runs_of_delivery(Database& database, const RunFilter& filter) {
  // A delivery's runs have consecutive ids (schema.cpp), so no index is needed.
  return read_runs(database.query(
      "SELECT rr.* FROM deliveries d JOIN run_rows rr ON (rr.id >= d.first_run AND rr.id < d.first_run + d.runs) "
      "OR (rr.id >= d.first_later AND rr.id < d.first_later + d.later) WHERE d.id = ?1 "
      "AND (?2 IS NULL OR rr.state = ?2) AND (?3 IS NULL OR rr.template = ?3) AND (?4 IS NULL OR rr.id < ?4) "
      "ORDER BY rr.id DESC LIMIT ?5",
      filter.delivery->value(), filter.state, filter.template_name ? std::optional(filter.template_name->value()) : std::nullopt,
      filter.before ? std::optional(filter.before->value()) : std::nullopt, filter.at_most));
}

/// Expects the columns in the order that list_deliveries() selects.
StoredDelivery stored_from(const Cursor& row) {
  StoredDelivery stored;
  stored.number = row.integer(0);
  stored.id = DeliveryId(row.text(1));
  stored.repository = RepoName(row.text(2));
  stored.ref = row.text(3);
  stored.before = CommitSha(unpacked(row, 4));
  stored.after = CommitSha(unpacked(row, 5));
  stored.base = row.is_null(6) ? stored.before : CommitSha(unpacked(row, 6));
  stored.source = static_cast<Source>(row.integer(7));
  stored.pending = row.integer(8) != 0;
  stored.gap = row.integer(9) != 0;
  stored.runs = static_cast<std::size_t>(row.integer(10) + row.integer(11));
  stored.received = row.time(12);
  stored.fingerprint = unpacked(row, 13);
  return stored;
}

/// The first and last commit with a prefix, packed as in the column, for BETWEEN. Both empty: any commit.
class CommitRange {
 public:
  explicit CommitRange(const std::optional<CommitPrefix>& prefix)
      : low(prefix ? prefix->first().value() : std::string()), high(prefix ? prefix->last().value() : std::string()), is_set(prefix) {}
  std::optional<Blob> first() const { return is_set ? std::optional<Blob>(low) : std::nullopt; }
  std::optional<Blob> last() const { return is_set ? std::optional<Blob>(high) : std::nullopt; }

 private:
  Packed low, high;
  bool is_set;
};

}  // namespace

std::vector<Run> list_runs(Database& database, const RunFilter& filter) {
  if (filter.delivery) return runs_of_delivery(database, filter);
  const CommitRange commits(filter.commit);
  return read_runs(database.query(
      "SELECT * FROM run_rows WHERE (?1 IS NULL OR template_number = (SELECT number FROM templates WHERE name = ?1)) "
      "AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR repository = ?3) AND (?4 IS NULL OR id < ?4) "
      "AND (?5 IS NULL OR \"commit\" BETWEEN ?5 AND ?6) ORDER BY id DESC LIMIT ?7",
      filter.template_name ? std::optional(filter.template_name->value()) : std::nullopt, filter.state,
      filter.repository ? std::optional(filter.repository->value()) : std::nullopt,
      filter.before ? std::optional(filter.before->value()) : std::nullopt, commits.first(), commits.last(), filter.at_most));
}

std::optional<Run> find_run(Database& database, RunId id) {
  std::optional<Run> run;
  {
    auto row = database.query("SELECT * FROM run_rows WHERE id = ?", id.value());
    if (!row.next()) return std::nullopt;
    run = run_from(row);
  }
  auto stages = database.query("SELECT stage, started, finished, outcome, detail FROM stages WHERE run = ? ORDER BY stage",
                               id.value());
  while (stages.next()) run->stages.push_back(stage_from_row(stages));
  return run;
}

std::vector<StoredDelivery> list_deliveries(Database& database, const DeliveryFilter& filter) {
  const CommitRange commits(filter.after);
  std::vector<StoredDelivery> found;
  auto row = database.query(
      "SELECT d.number, d.id, b.repository, b.ref, d.before, d.after, d.base, d.source, d.pending, d.gap, d.runs, d.later, "
      "d.received, d.fingerprint FROM deliveries d CROSS JOIN branches b ON b.number = d.branch "
      "WHERE (?1 IS NULL OR b.repository = ?1) AND (?2 IS NULL OR d.after BETWEEN ?2 AND ?3) AND (?4 = 0 OR d.pending = 1) "
      "AND (?5 IS NULL OR d.number < ?5) ORDER BY d.number DESC LIMIT ?6",
      filter.repository ? std::optional(filter.repository->value()) : std::nullopt,
      commits.first(), commits.last(), filter.only_pending, filter.before, filter.at_most);
  while (row.next()) found.push_back(stored_from(row));
  return found;
}

std::optional<StoredDelivery> find_delivery(Database& database, const std::filesystem::path& directory, const DeliveryId& id) {
  auto row = database.query(
      "SELECT d.number, d.id, b.repository, b.ref, d.before, d.after, d.base, d.source, d.pending, d.gap, d.runs, d.later, "
      "d.received, d.fingerprint, d.completed_verdict, d.segment, d.\"offset\", d.length "
      "FROM deliveries d JOIN branches b ON b.number = d.branch WHERE d.id = ?", id.value());
  if (!row.next()) return std::nullopt;
  StoredDelivery stored = stored_from(row);
  stored.completed_verdict = row.text(14);
  auto payload = read_record(directory, Extent(row.integer(15), row.integer(16), row.integer(17)));
  if (payload) {
    stored.headers = std::move(payload->headers);
    stored.target = std::move(payload->target);
    stored.verdict = std::move(payload->verdict);
    stored.body = std::move(payload->body);
  }
  return stored;
}

std::vector<Hold> list_holds(Database& database) {
  std::vector<Hold> holds;
  auto row = database.query("SELECT t.name, h.why, h.since FROM holds h JOIN templates t ON t.number = h.template ORDER BY 1");
  while (row.next()) {
    Hold hold;
    hold.template_name = TemplateName(row.text(0));
    hold.why = row.text(1);
    hold.since = row.time(2);
    holds.push_back(std::move(hold));
  }
  return holds;
}

Counts count(Database& database, const std::filesystem::path& directory) {
  Counts counts;
  auto row = database.query("SELECT state, waiting_for, count(*), min(created) FROM runs GROUP BY 1, 2");
  while (row.next()) {
    const auto state = static_cast<RunState>(row.integer(0));
    const auto number = static_cast<std::uint64_t>(row.integer(2));
    counts.runs[state] += number;
    if (state != RunState::queued) continue;
    counts.waiting[static_cast<WaitingFor>(row.integer(1))] += number;
    const auto created = row.time(3);
    counts.oldest_queued = counts.oldest_queued ? std::min(*counts.oldest_queued, created) : created;
  }
  auto figures = database.query(
      "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM deliveries WHERE pending = 1), "
      "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)");
  figures.next();
  counts.deliveries = static_cast<std::uint64_t>(figures.integer(0));
  counts.pending = static_cast<std::uint64_t>(figures.integer(1));
  counts.database_bytes = static_cast<std::uint64_t>(figures.integer(2));
  for (const std::int64_t segment : list_segments(directory)) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(segment_file(directory, segment), gone);
    if (!gone) counts.body_bytes += size;
  }
  return counts;
}

std::vector<RunRequest> list_first_requests(Database& database, const std::filesystem::path& directory, const DeliveryId& id) {
  auto row = database.query("SELECT segment, \"offset\", length FROM deliveries WHERE id = ?", id.value());
  if (!row.next()) return {};
  return read_requests(directory, Extent(row.integer(0), row.integer(1), row.integer(2)));
}

std::vector<Pending> list_pending(Database& database, const std::filesystem::path& directory, const DeliveryId& after,
                                  std::size_t at_most, const std::set<RepoName>& without) {
  std::vector<Pending> found;
  auto row = database.query(
      "SELECT d.id, b.repository, b.ref, d.before, d.after, d.base, d.gap, d.source, d.received, d.fingerprint, d.segment, "
      "d.\"offset\", d.length FROM deliveries d INDEXED BY deliveries_pending CROSS JOIN branches b ON b.number = d.branch "
      "WHERE d.pending = 1 AND (?1 = '' OR (d.segment, d.number) > (SELECT segment, number FROM deliveries WHERE id = ?1)) "
      "ORDER BY d.segment, d.number",
      after.value());
  while (found.size() < at_most && row.next()) {
    RepoName repository(row.text(1));
    if (without.contains(repository)) continue;
    Pending one;
    Delivery& delivery = one.delivery;
    delivery.id = DeliveryId(row.text(0));
    delivery.push.repository = std::move(repository);
    delivery.push.ref = row.text(2);
    delivery.push.before = CommitSha(unpacked(row, 3));
    delivery.push.after = CommitSha(unpacked(row, 4));
    one.base = row.is_null(5) ? delivery.push.before : CommitSha(unpacked(row, 5));
    one.gap = row.integer(6) != 0;
    delivery.source = static_cast<Source>(row.integer(7));
    delivery.received = row.time(8);
    delivery.fingerprint = fingerprint_from(row, 9);
    read_bytes(one, directory, Extent(row.integer(10), row.integer(11), row.integer(12)));
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<Taken> list_taken(Database& database, const RepoName& repository, const std::string& ref, const DeliveryId& since) {
  std::vector<Taken> found;
  auto row = database.query(
      "SELECT id, before, after FROM deliveries WHERE number > coalesce((SELECT number FROM deliveries WHERE id = ?1), "
      "(SELECT max(number) FROM deliveries) - 1000) AND branch = (SELECT number FROM branches WHERE repository = ?2 AND ref = ?3) "
      "AND source = ?4 AND pending IS NULL AND completed_verdict IS NULL ORDER BY number",
      since.value(), repository.value(), ref, Source::webhook);
  while (row.next()) {
    Taken& one = found.emplace_back();
    one.delivery = DeliveryId(row.text(0));
    one.before = CommitSha(unpacked(row, 1));
    one.after = CommitSha(unpacked(row, 2));
  }
  return found;
}

std::vector<BranchHead> list_branch_heads(Database& database) {
  std::vector<BranchHead> heads;
  auto row = database.query(
      "SELECT repository, ref, b.before, seen, b.stored, EXISTS(SELECT 1 FROM deliveries d WHERE d.pending = 1 AND d.branch = b.number), "
      "last.id FROM branches b LEFT JOIN deliveries last ON last.number = b.delivery WHERE seen IS NOT NULL ORDER BY 1, 2");
  while (row.next()) {
    BranchHead head;
    head.repository = RepoName(row.text(0));
    head.ref = row.text(1);
    head.before = CommitSha(unpacked(row, 2));
    head.after = CommitSha(unpacked(row, 3));
    head.stored = row.time(4);
    head.pending = row.integer(5) != 0;
    head.last = DeliveryId(row.text(6));
    heads.push_back(std::move(head));
  }
  return heads;
}

std::vector<RunId> list_expired(Database& database, const schedule::Retention& keep, const schedule::Policy& policy,
                                Clock::time_point now, std::size_t at_most) {
  std::unordered_map<std::int64_t, std::pair<std::size_t, bool>> templates;  // finished so far, delete on success
  std::vector<RunId> going;
  auto row = database.query(
      "SELECT r.id, r.template, r.state, r.finished, t.name FROM runs r CROSS JOIN templates t ON t.number = r.template "
      "WHERE r.place IS NULL ORDER BY r.id DESC");
  while (row.next() && going.size() < at_most) {
    const auto [at, added] = templates.try_emplace(row.integer(1));
    auto& [newer, delete_on_success] = at->second;
    if (added) {
      const auto rules = policy.templates.find(TemplateName(row.text(4)));
      delete_on_success = rules != policy.templates.end() && rules->second.delete_on_success;
    }
    const auto state = static_cast<RunState>(row.integer(2));
    if (schedule::expired(keep, state, row.time(3), newer, delete_on_success, now)) going.emplace_back(row.integer(0));
    ++newer;
  }
  return going;
}

}  // namespace slipway::queue::sqlite
