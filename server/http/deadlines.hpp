#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>

namespace slipway::http {

/// The deadlines of all connections, checked by one periodic timer, so that a request needs no timer of its
/// own. The timer does not run while there is no connection. Used on the loop.
class Deadlines {
 public:
  using Steady = std::chrono::steady_clock;

  /// Something that has at most one deadline at a time.
  class Member {
   public:
    explicit Member(Deadlines& all);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    void expires_after(Steady::duration duration) { when_ = Steady::now() + duration; }
    void never() noexcept { when_ = Steady::time_point::max(); }

   protected:
    virtual ~Member();
    /// Called when the deadline has passed, after clearing it.
    virtual void expired() = 0;

   private:
    friend class Deadlines;
    Deadlines& all_;
    Steady::time_point when_ = Steady::time_point::max();
    std::list<Member*>::iterator place_;
  };

  /// `precision`: by how much a deadline may be noticed late.
  Deadlines(const boost::asio::any_io_executor& executor, Steady::duration precision);
  ~Deadlines();
  std::size_t size() const noexcept;

 private:
  // Shared with the pending tick, which may run after this object is gone.
  struct State {
    State(const boost::asio::any_io_executor& executor, Steady::duration every) : timer(executor), precision(every) {}
    boost::asio::steady_timer timer;
    Steady::duration precision;
    std::list<Member*> members;
    bool ticking = false;
  };
  static void tick(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace slipway::http
