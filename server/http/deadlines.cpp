#include "http/deadlines.hpp"

namespace slipway::http {

Deadlines::Member::Member(Deadlines& all) : all_(all) {
  auto& state = all_.state_;
  place_ = state->members.insert(state->members.end(), this);
  if (!state->ticking) tick(state);
}

Deadlines::Member::~Member() {
  all_.state_->members.erase(place_);
  if (all_.state_->members.empty()) all_.state_->timer.cancel();
}

Deadlines::Deadlines(const boost::asio::any_io_executor& executor, Steady::duration precision)
    : state_(std::make_shared<State>(executor, precision)) {}

Deadlines::~Deadlines() { state_->timer.cancel(); }

std::size_t Deadlines::size() const noexcept { return state_->members.size(); }

void Deadlines::tick(const std::shared_ptr<State>& state) {
  state->ticking = true;
  state->timer.expires_after(state->precision);
  state->timer.async_wait([state](const boost::system::error_code& error) {
    state->ticking = false;
    if (error && state->members.empty()) return;
    const auto now = Steady::now();
    for (auto next = state->members.begin(); next != state->members.end();) {
      Member& member = **next++;  // advance first, in case expired() removes the member
      if (member.when_ > now) continue;
      member.never();
      member.expired();
    }
    if (!state->members.empty()) tick(state);
  });
}

}  // namespace slipway::http
