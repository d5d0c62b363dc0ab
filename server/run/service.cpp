#include "run/service.hpp"

#include "base/failure.hpp"

namespace slipway::run {
namespace {

constexpr auto begin_again_after = std::chrono::seconds(1);

}  // namespace


Task<> keep_running(std::string name, std::function<Task<>()> service, io::TimeSource& time, Log log) {
  while (true) {
    std::string trouble;
    try {
      co_await service();
      co_return;
    } catch (const Unavailable& error) {
      trouble = error.what();
    } catch (const Refused& error) {
      trouble = error.what();
    }
    log.error("a service stopped and begins again", {{"service", name}, {"error", trouble}});
    co_await time.sleep_for(begin_again_after);
  }
}

}  // namespace slipway::run
