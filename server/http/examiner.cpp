#include "http/examiner.hpp"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "io/offload.hpp"
#include "trigger/verify.hpp"

namespace slipway::http {

namespace detail {

/// A delivery being examined; a local variable of its task.
struct Case {
  Case(RawDelivery what, std::shared_ptr<Keys> with) : raw(std::move(what)), keys(std::move(with)) {}
  RawDelivery raw;
  std::shared_ptr<Keys> keys;
  std::optional<trigger::ClaimedDelivery> claimed;
  Finding finding;
  std::exception_ptr accident;  ///< set instead of a finding
};

/// The suspended task that owns a case, type-erased. Destroying it destroys the task, and the case with it.
struct Waiting {
  explicit Waiting(Case& about) : one(about) {}
  virtual ~Waiting() = default;
  virtual void resume() = 0;
  Case& one;
};

}  // namespace detail

namespace {

using detail::Case;
using Cases = std::span<const std::unique_ptr<detail::Waiting>>;

// Bytes; verifying and parsing this much takes about a millisecond.
constexpr std::size_t largest_in_line = 512 * 1024;

// Parses and judges a verified delivery.
Finding judged(std::optional<trigger::SignedDelivery> verified, const Judge& judge) {
  if (!verified) return Unsigned();
  auto parsed = trigger::parse(std::move(*verified));
  if (!parsed) return parsed.error();
  if (auto* ignored = std::get_if<trigger::Ignored>(&*parsed)) return std::move(*ignored);
  Delivery& delivery = std::get<Delivery>(*parsed);
  Verdict verdict = judge(delivery);
  return Judged(std::move(delivery), std::move(verdict));
}

template <class Handler>
class Resumable final : public detail::Waiting {
 public:
  Resumable(Case& about, Handler task) : Waiting(about), task_(std::move(task)) {}
  void resume() override { std::exchange(task_, std::nullopt).value()(one.accident); }

 private:
  std::optional<Handler> task_;
};

// The leading cases whose HMACs are computed together: they have the same keys, and none is so long that the others' lanes would idle.
Cases together(Cases cases) {
  const auto is_long = [](const auto& waiting) { return waiting->one.raw.body.size() > HmacKeys::longest_together; };
  if (is_long(cases.front())) return cases.first(1);
  const auto is_other = [&](const auto& waiting) { return is_long(waiting) || waiting->one.keys != cases.front()->one.keys; };
  const auto most = cases.first(std::min(cases.size(), HmacKeys::lanes));
  const auto other = std::find_if(most.begin(), most.end(), is_other);
  return cases.first(static_cast<std::size_t>(other - most.begin()));
}

std::vector<Sha256Digest> sign(Cases group) {
  std::vector<std::string_view> messages;
  messages.reserve(group.size());
  for (const auto& waiting : group) {
    Case& one = waiting->one;
    one.claimed = trigger::ClaimedDelivery::of(std::move(one.raw));
    if (one.claimed) messages.push_back(one.claimed->message());
  }
  return group.front()->one.keys->ready.sign(messages);
}

void examine_together(Cases group, const Judge& judge) {
  const std::vector<Sha256Digest> macs = sign(group);
  const std::size_t keys = group.front()->one.keys->ready.size();
  std::span<const Sha256Digest> left(macs);
  for (const auto& waiting : group) {
    Case& one = waiting->one;
    if (!one.claimed) continue;  // the finding remains Unsigned
    const auto its = left.first(keys);
    left = left.subspan(keys);
    try {
      one.finding = judged(std::move(*one.claimed).proven_by(its), judge);
    } catch (...) {
      one.accident = std::current_exception();
    }
  }
}

// If the HMACs cannot be computed, the whole group fails with that exception.
void examine_or_fail(Cases group, const Judge& judge) noexcept {
  try {
    examine_together(group, judge);
  } catch (...) {
    for (const auto& waiting : group) waiting->one.accident = std::current_exception();
  }
}

}  // namespace

Judged::Judged(Delivery what, Verdict means) : delivery(std::move(what)), decision(std::move(means)) {
  delivery.push.commits = std::vector<ChangedCommit>();  // frees memory before the wait for the disk
}

Examiner::Examiner(Judge judge, asio::thread_pool& pool) : judge_(std::move(judge)), pool_(pool) {}

Examiner::~Examiner() = default;

Task<Finding> Examiner::examine(RawDelivery raw, std::shared_ptr<Keys> keys) {
  if (raw.body.size() > largest_in_line) {
    auto job = [this, raw = std::move(raw), keys = std::move(keys)]() mutable {
      return judged(trigger::verify(std::move(raw), keys->secrets), judge_);
    };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Case one(std::move(raw), std::move(keys));
  auto start = [&](auto task) {
    const asio::any_io_executor loop = asio::get_associated_executor(task);
    add(std::make_unique<Resumable<decltype(task)>>(one, std::move(task)), loop);
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
  co_return std::move(one.finding);
}

// Posted rather than called, so that deliveries the loop has already received join the batch.
void Examiner::add(Waiting one, const asio::any_io_executor& loop) {
  next_.push_back(std::move(one));
  if (std::exchange(busy_, true)) return;
  asio::post(loop, [this, loop] { begin(loop); });
}

void Examiner::begin(const asio::any_io_executor& loop) {
  const auto batch = std::make_shared<const Batch>(std::exchange(next_, Batch()));
  asio::post(thread_, [this, batch, loop] { work_through(batch, loop); });
}

// On the examiner's thread. A group's tasks resume while the next group is examined.
void Examiner::work_through(const std::shared_ptr<const Batch>& batch, const asio::any_io_executor& loop) {
  for (std::span left(*batch); !left.empty();) {
    const auto group = together(left);
    left = left.subspan(group.size());
    examine_or_fail(group, judge_);
    asio::post(loop, [this, batch, group, last = left.empty(), loop] { answer(group, last, loop); });
  }
}

void Examiner::answer(std::span<const Waiting> examined, bool last, const asio::any_io_executor& loop) {
  if (last) busy_ = !next_.empty();
  if (last && busy_) begin(loop);  // first, so that the thread need not wait for the answers
  for (const auto& waiting : examined) waiting->resume();
}

}  // namespace slipway::http
