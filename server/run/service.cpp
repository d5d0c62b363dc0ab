#include "run/service.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

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
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) throw;
      trouble = error.what();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    log.error("a service stopped and begins again", {{"service", name}, {"error", trouble}});
    co_await time.sleep_for(begin_again_after);
  }
}

}  // namespace slipway::run
