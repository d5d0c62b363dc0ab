#include "http/events.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

using namespace slipway;

namespace {

/// A client that takes what is written, or stops reading.
struct Client final : http::BodyWriter {
  explicit Client(const asio::any_io_executor& executor) : gate(executor) { gate.expires_at(asio::steady_timer::time_point::max()); }
  Task<bool> write(std::string_view bytes) override {
    boost::system::error_code opened;
    if (blocked) co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    text += bytes;
    co_return connected;
  }
  std::string text;
  bool connected = true, blocked = false;
  asio::steady_timer gate;
};

}  // namespace

TEST_CASE("watchers get what is published from then on") {
  asio::io_context loop(1);
  http::Events events(loop.get_executor());
  Client client(loop.get_executor());
  events.publish("run", "{\"id\":1}");
  asio::co_spawn(loop, events.follow(client), [](std::exception_ptr) {});
  loop.poll();
  CHECK(events.watchers() == 1);
  events.publish("run", "{\"id\":2}");
  loop.poll();
  CHECK(client.text == ": slipway\n\nid: 2\nevent: run\ndata: {\"id\":2}\n\n");
  client.connected = false;
  events.publish("run", "{\"id\":3}");
  loop.poll();
  CHECK(events.watchers() == 0);
}

TEST_CASE("closing ends every watch when what waits for it has been written") {
  asio::io_context loop(1);
  http::Events events(loop.get_executor());
  Client waits(loop.get_executor()), slow(loop.get_executor());
  slow.blocked = true;
  for (Client* client : {&waits, &slow}) asio::co_spawn(loop, events.follow(*client), [](std::exception_ptr) {});
  loop.poll();
  events.publish("run", "{}");
  events.close();
  loop.poll();
  CHECK(events.watchers() == 1);
  slow.blocked = false;
  slow.gate.cancel();
  loop.poll();
  CHECK(events.watchers() == 0);
  for (const Client* client : {&waits, &slow}) CHECK(client->text == ": slipway\n\nid: 1\nevent: run\ndata: {}\n\n");
}

TEST_CASE("who reads too slowly loses the oldest events and is told how many") {
  asio::io_context loop(1);
  http::Events events(loop.get_executor(), 1, 2);
  Client client(loop.get_executor());
  asio::co_spawn(loop, events.follow(client), [](std::exception_ptr) {});
  loop.poll();
  CHECK(events.is_full());
  client.text.clear();
  for (const char* json : {"1", "2", "3", "4"}) events.publish("n", json);
  loop.poll();
  CHECK(client.text == "event: lost\ndata: {\"events\":2}\n\nid: 3\nevent: n\ndata: 3\n\nid: 4\nevent: n\ndata: 4\n\n");
  client.connected = false;
  events.publish("n", "5");
  loop.poll();
}

TEST_CASE("a watcher that is cancelled gives its place up") {
  asio::io_context loop(1);
  http::Events events(loop.get_executor());
  Client client(loop.get_executor());
  asio::cancellation_signal signal;
  asio::co_spawn(loop, events.follow(client), asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  loop.poll();
  signal.emit(asio::cancellation_type::terminal);
  loop.poll();
  CHECK(events.watchers() == 0);
}
