#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <system_error>
#include <thread>

#include "server/folder_lock.h"
#include "server/hand_over.h"
#include "server/recordings.h"
#include "server/shard_thread.h"

#include <parley/server.h>

namespace parley {
namespace {

// The kernel takes the rings of a process that was killed apart after the process is gone, and they
// hold its listening sockets: seen for up to 0.1 s with 1,000 connections. Whoever replaces it at
// once must not fail for that.
constexpr auto leftovers_max = std::chrono::milliseconds{700};
constexpr auto leftovers_step = std::chrono::milliseconds{5};

Status wait_until_free(const ring::Address& address) {
    const auto give_up = std::chrono::steady_clock::now() + leftovers_max;
    while (true) {
        const Status status = ring::check_free(address);
        if (status || status.error().code != EADDRINUSE) return status;
        if (std::chrono::steady_clock::now() >= give_up) return status;
        std::this_thread::sleep_for(leftovers_step);
    }
}

}  // namespace

struct Server::State {
    server::FolderLock folder_lock;  // given back last
    server::Plan plan;
    std::unique_ptr<store::Backend> store;
    std::unique_ptr<Fabric> fabric;
    std::unique_ptr<server::Commons> commons;
    std::unique_ptr<server::Recordings> recordings;
    std::unique_ptr<record::Library> library;
    std::unique_ptr<server::Crew> crew;
    std::vector<std::unique_ptr<server::ShardThread>> threads;
    std::unique_ptr<server::HandOver> hand_over;
    std::string url;

    StartFailure open_store(std::string& error);
    StartFailure find_listeners(const Options& options, server::Inheritance& inheritance,
                                std::vector<int>& listeners, std::string& error);
    StartFailure open_listeners(std::vector<int>& listeners, std::string& error);
    bool take_listeners(const std::vector<int>& inherited, std::vector<int>& listeners,
                        std::string& error);
    bool open_recordings(std::string& error);
    StartFailure start_threads(const std::vector<int>& listeners, std::string& error);
    void on_drain(server::HandOver::Reason reason) noexcept;
    void tell(std::string_view sentence) const noexcept {
        if (plan.log != nullptr) plan.log(sentence);
    }
};

StartFailure Server::State::open_store(std::string& error) {
    store = server::open_store(plan, error);
    plan.worker.store = store.get();
    plan.worker.sweeps_store = true;
    return store ? StartFailure::none : StartFailure::system;
}

StartFailure Server::State::find_listeners(const Options& options, server::Inheritance& inheritance,
                                           std::vector<int>& listeners, std::string& error) {
    if (!options.take_over.empty() && !inheritance.receive(options.take_over, error)) {
        return StartFailure::system;
    }
    if (folder_lock.has_others() && inheritance.listeners().empty()) {
        error = server::FolderLock::refusal(options.data_folder);
        return StartFailure::system;
    }
    if (!options.listeners.empty()) {
        listeners = options.listeners;
    } else if (!inheritance.listeners().empty()) {
        if (!take_listeners(inheritance.listeners(), listeners, error)) return StartFailure::system;
    } else if (const StartFailure failure = open_listeners(listeners, error);
               failure != StartFailure::none) {
        return failure;
    }
    plan.listeners = listeners.size();
    url = (plan.tls ? "wss://" : "ws://") + plan.address.text();
    return StartFailure::none;
}

bool Server::State::take_listeners(const std::vector<int>& inherited, std::vector<int>& listeners,
                                   std::string& error) {
    for (const int each : inherited) {
        ring::Address address;
        if (Result<ring::Address> found = ring::adopt_listener(each)) address = *found;
        const bool same = address.host == plan.address.host &&
                          (plan.address.port == 0 || address.port == plan.address.port);
        if (same) {
            plan.address.port = address.port;
            continue;
        }
        error = fmt::format(
            "the server to take over from listens on {}, and this one is told {}: give both the "
            "same --listen",
            address.text(), plan.address.text());
        for (const int given : inherited)
            ring::close_now(given);
        return false;
    }
    listeners = inherited;
    return true;
}

// Every shard listens on the same port; the first may have been given any free one.
StartFailure Server::State::open_listeners(std::vector<int>& listeners, std::string& error) {
    const auto fail = [&](Error reason) {
        for (const int opened : listeners)
            ring::close_now(opened);
        error = fmt::format("cannot listen on {}: {}", plan.address.text(),
                            std::generic_category().message(reason.code));
        if (reason.code == EADDRINUSE) {
            error +=
                "; end what listens there, choose another port, or, to replace a server "
                "that runs, start both with --take-over";
        }
        return StartFailure::system;
    };
    if (const Status status = wait_until_free(plan.address); !status) return fail(status.error());
    for (std::size_t i = 0; i < plan.shards; ++i) {
        Result<int> listener = ring::listen_tcp(plan.address);
        if (!listener) return fail(listener.error());
        listeners.push_back(*listener);
        if (Result<std::uint16_t> port = ring::local_port(*listener)) plan.address.port = *port;
    }
    return StartFailure::none;
}

bool Server::State::open_recordings(std::string& error) {
    if (plan.place) library = std::make_unique<record::Library>(*plan.place);
    plan.worker.library = library.get();
    if (!plan.record) return true;
    recordings = server::Recordings::open(*plan.record, plan.shards, *commons, error);
    if (recordings == nullptr) return false;
    plan.worker.taps = &recordings->taps();
    plan.worker.index = &recordings->index();
    return true;
}

StartFailure Server::State::start_threads(const std::vector<int>& listeners, std::string& error) {
    const HashKey hash_key = HashKey::random();
    fabric = std::make_unique<Fabric>(Fabric::Options{.shards = plan.shards, .hash_key = hash_key});
    commons = std::make_unique<server::Commons>(hash_key, plan.log);
    plan.worker.commons = commons.get();
    if (!open_recordings(error)) {
        for (const int each : listeners)
            ring::close_now(each);
        return StartFailure::system;
    }
    crew = std::make_unique<server::Crew>(plan, *fabric, *commons);
    for (std::size_t i = 0; i < plan.shards; ++i) {
        std::vector<int> its;
        for (std::size_t k = i; k < listeners.size(); k += plan.shards)
            its.push_back(listeners[k]);
        threads.push_back(
            std::make_unique<server::ShardThread>(*crew, static_cast<ShardId>(i), std::move(its)));
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

void Server::State::on_drain(server::HandOver::Reason reason) noexcept {
    folder_lock.release();
    const bool succeeded = reason == server::HandOver::Reason::succeeded;
    if (succeeded) tell("another server has taken over: this one drains, and ends");
    crew->drain(succeeded ? server::Crew::Drain::for_successor : server::Crew::Drain::for_later);
}

Server::Server(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

std::unique_ptr<Server> Server::start(const Options& options, std::string& error,
                                      StartFailure& failure) {
    error.clear();
    auto state = std::make_unique<State>();
    server::Inheritance inheritance;
    std::vector<int> listeners;
    failure = server::make_plan(options, state->plan, error);
    if (failure == StartFailure::none) {
        failure = server::claim_folder(options, state->plan, state->folder_lock, error);
    }
    if (failure == StartFailure::none && !server::prepare_keeping(options, state->plan, error)) {
        failure = StartFailure::options;
    }
    if (failure == StartFailure::none) failure = state->open_store(error);
    if (failure == StartFailure::none) {
        failure = state->find_listeners(options, inheritance, listeners, error);
    }
    if (failure != StartFailure::none) return nullptr;
    // Copied before the shards have them, which may close them at any time.
    using Drain = server::HandOver::Drain;
    auto hand_over = std::make_unique<server::HandOver>(Drain::to<&State::on_drain>(*state));
    if (!options.take_over.empty() && !hand_over->keep(listeners, error)) {
        for (const int each : listeners)
            ring::close_now(each);
        failure = StartFailure::system;
        return nullptr;
    }
    failure = state->start_threads(listeners, error);
    std::unique_ptr<Server> server{new Server(std::move(state))};
    if (failure != StartFailure::none) return nullptr;
    if (options.take_over.empty()) return server;
    if (!hand_over->open(options.take_over, error)) {
        failure = StartFailure::system;
        return nullptr;
    }
    server->state_->hand_over = std::move(hand_over);
    inheritance.confirm();
    if (!inheritance.listeners().empty()) {
        server->state_->tell("has taken over from the server at --take-over, which drains");
    }
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

bool Server::reload(std::string& error) {
    error.clear();
    return !state_->plan.tls || state_->plan.tls->reload(error);
}

bool Server::files_changed() {
    return state_->plan.tls && state_->plan.tls->changed();
}

std::vector<std::string> Server::warnings() const {
    return state_->plan.tls ? state_->plan.tls->warnings() : std::vector<std::string>{};
}

std::string Server::tls_fingerprint() const {
    return state_->plan.tls ? state_->plan.tls->fingerprint() : std::string{};
}

void Server::drain() noexcept {
    // Its copies of the listening sockets are closed first.
    if (state_->hand_over) return state_->hand_over->end();
    state_->folder_lock.release();
    state_->crew->drain(server::Crew::Drain::for_later);
}

void Server::stop() noexcept {
    state_->crew->stop();
}

void Server::wait() noexcept {
    for (const auto& thread : state_->threads)
        thread->join();
    if (state_->hand_over) state_->hand_over->leave();  // drain() may be using it at this moment
}

RecordingStats Server::recording_stats() const noexcept {
    if (!state_->recordings) return {};
    const record::Recorder::Counters& counters = state_->recordings->counters();
    return {.kept = counters.kept,
            .completed = counters.completed,
            .forgotten = counters.forgotten,
            .failures = counters.failures,
            .refused = counters.refused,
            .packets = counters.packets,
            .packets_left_out = counters.packets_left_out,
            .open = counters.open,
            .bytes = counters.bytes};
}

std::vector<ShardStats> Server::stats() {
    std::vector<ShardStats> all;
    for (const auto& thread : state_->threads) {
        if (const auto stats = thread->stats()) all.push_back(*stats);
    }
    return all;
}

}  // namespace parley
