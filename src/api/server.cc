#include <cerrno>
#include <fmt/format.h>
#include <system_error>

#include "server/shard_thread.h"

#include <parley/server.h>

namespace parley {

struct Server::State {
    server::Plan plan;
    std::unique_ptr<Fabric> fabric;
    std::unique_ptr<server::Commons> commons;
    std::unique_ptr<server::Crew> crew;
    std::vector<std::unique_ptr<server::ShardThread>> threads;
    std::string url;

    StartFailure open_listeners(std::vector<int>& listeners, std::string& error);
    StartFailure start_threads(const std::vector<int>& listeners, std::string& error);
};

// Every shard listens on the same port; the first may have been given any free one.
StartFailure Server::State::open_listeners(std::vector<int>& listeners, std::string& error) {
    const auto fail = [&](Error reason) {
        for (const int opened : listeners)
            ring::close_now(opened);
        error = fmt::format("cannot listen on {}: {}", plan.address.text(),
                            std::generic_category().message(reason.code));
        if (reason.code == EADDRINUSE) error += "; end what listens there, or choose another port";
        return StartFailure::system;
    };
    if (const Status status = ring::check_free(plan.address); !status) return fail(status.error());
    for (std::size_t i = 0; i < plan.shards; ++i) {
        Result<int> listener = ring::listen_tcp(plan.address);
        if (!listener) return fail(listener.error());
        listeners.push_back(*listener);
        if (Result<std::uint16_t> port = ring::local_port(*listener)) plan.address.port = *port;
    }
    url = "ws://" + plan.address.text();
    return StartFailure::none;
}

StartFailure Server::State::start_threads(const std::vector<int>& listeners, std::string& error) {
    const HashKey hash_key = HashKey::random();
    fabric = std::make_unique<Fabric>(Fabric::Options{.shards = plan.shards, .hash_key = hash_key});
    commons = std::make_unique<server::Commons>(hash_key, plan.log);
    plan.worker.commons = commons.get();
    crew = std::make_unique<server::Crew>(plan, *fabric, *commons);
    for (std::size_t i = 0; i < plan.shards; ++i) {
        threads.push_back(
            std::make_unique<server::ShardThread>(*crew, static_cast<ShardId>(i), listeners[i]));
    }
    for (const auto& thread : threads) {
        std::string refusal = thread->wait_until_running();
        if (refusal.empty()) continue;
        error = std::move(refusal);
        crew->idle.fetch_add(1);  // it has left; the others need not wait for it
    }
    if (error.empty()) return StartFailure::none;
    crew->stopping.store(true, std::memory_order_release);
    return StartFailure::machine;
}

Server::Server(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

std::unique_ptr<Server> Server::start(const Options& options, std::string& error,
                                      StartFailure& failure) {
    error.clear();
    auto state = std::make_unique<State>();
    std::vector<int> listeners;
    failure = server::make_plan(options, state->plan, error);
    if (failure == StartFailure::none) failure = state->open_listeners(listeners, error);
    if (failure != StartFailure::none) return nullptr;
    failure = state->start_threads(listeners, error);
    std::unique_ptr<Server> server{new Server(std::move(state))};
    if (failure != StartFailure::none) return nullptr;
    return server;
}

std::unique_ptr<Server> Server::start(const Options& options, std::string& error) {
    StartFailure failure{};
    return start(options, error, failure);
}

Server::~Server() {
    stop();
    wait();
}

const std::string& Server::url() const noexcept {
    return state_->url;
}

void Server::stop() noexcept {
    state_->crew->stopping.store(true, std::memory_order_release);
    for (std::size_t i = 0; i < state_->plan.shards; ++i) {
        state_->fabric->waker(static_cast<ShardId>(i)).wake();
    }
}

void Server::wait() noexcept {
    state_->threads.clear();
}

std::vector<ShardStats> Server::stats() {
    std::vector<ShardStats> all;
    for (const auto& thread : state_->threads)
        all.push_back(thread->stats());
    return all;
}

}  // namespace parley
