#include "server/shard_thread.h"

#include <fmt/format.h>

#include "shard/pinning.h"

namespace parley::server {
namespace {

// After this a shard that has drained waits no longer for peers to close: net::linger_max and some.
constexpr Duration drained_max = std::chrono::milliseconds{2500};
// Likewise one that was stopped: time for who reads what was sent to it.
constexpr Duration stop_max = std::chrono::seconds{1};
// How often a draining shard looks whether it is done.
constexpr Duration drain_step = std::chrono::milliseconds{20};
// Timers are counted one by one: so many take 0.1 ms.
constexpr std::size_t timers_told_max = 4096;
// How long a stopping shard that has nothing left sleeps between looks at the others.
constexpr Duration stop_step = std::chrono::milliseconds{5};

void add_store(const Worker& worker, ShardStats& stats) {
    const store::Store& store = worker.store();
    const store::StoreCounters counters = store.counters();
    const Histogram* latency = store.latency();
    stats.store_asked = counters.asked;
    stats.store_answered = counters.answered;
    stats.store_refused = counters.refused;
    stats.store_failed = counters.failed;
    stats.store_late = counters.late;
    stats.store_waiting = counters.waiting;
    stats.store_waiting_bytes = counters.waiting_bytes;
    stats.store_p99_us = latency == nullptr ? 0 : latency->value_at(0.99);
    stats.store_slow = store.state() == store::StoreState::slow ? 1 : 0;
    stats.store_down = store.state() == store::StoreState::down ? 1 : 0;
    stats.store_failures = worker.membership().store_failures();
    stats.sign_ins_waiting = worker.membership().arriving();
}

void add_chat(const chat::Chat& chat, ShardStats& stats) {
    stats.messages_stored = chat.keeper().counters().kept;
    stats.messages_repeated = chat.keeper().counters().repeated;
    stats.messages_not_stored = chat.keeper().counters().not_stored;
    stats.messages_waiting = chat.keeper().waiting();
    stats.queue_delivered = chat.delivery().counters().from_queue;
    stats.queue_gaps = chat.delivery().counters().gaps;
    stats.queue_settled = chat.delivery().counters().settled;
    stats.queue_users = chat.delivery().busy();
}

ShardStats stats_of(Worker& worker) {
    Shard& shard = worker.shard();
    const auto& ring = shard.ring().counters();
    ShardStats stats{
        .connections = worker.net().connections,
        .sessions = worker.sessions().size(),
        .groups = worker.groups().size(),
        .messages_in = worker.context().messages_in,
        .messages_dropped = worker.context().messages_dropped,
        .senders_corrected = worker.context().senders_corrected,
        .frames_relayed = worker.relay().counters().frames + worker.direct_relay().frames(),
        .frames_dropped =
            worker.relay().counters().no_group + worker.relay().counters().not_holder +
            worker.relay().counters().lane_full + worker.direct_relay().frames_after_limit(),
        .deliveries = worker.listeners().deliveries(),
        .voice_dropped = worker.net().voice_dropped(),
        .slow_consumers = worker.net().slow_consumers,
        .floors_granted = worker.floor().counters().granted,
        .floors_busy = worker.floor().counters().busy,
        .records_out = shard.counters().records_out,
        .records_dropped = shard.counters().records_dropped,
        .deflate_agreed = worker.context().compression().counters().agreed,
        .deflate_contexts = worker.context().compression().contexts(),
        .deflated = worker.context().compression().counters().deflated,
        .bytes_in = worker.net().bytes_in,
        .sends = worker.net().sends,
        .sends_short = worker.net().sends_short,
        .tls_handshakes = worker.net().tls_handshakes,
        .tls_resumed = worker.net().tls_resumed,
        .tls_failures = worker.net().tls_failures,
        .sockets_adopted = ring.adopted,
        .overflows = ring.overflows,
        .buffer_shortages = ring.buffer_shortages,
        .system_calls = ring.system_calls,
        .turns = shard.counters().turns,
        .frames_outstanding = shard.frames().outstanding(),
        .timers = shard.timers().count(timers_told_max),
        .messages_refused = worker.context().paces.refused(),
        .voice_refused = worker.context().paces.audio_dropped(),
        .receives_paused = worker.net().receives_paused,
        .accepts_without_descriptor = worker.door().counters().no_descriptor,
        .addresses_refused = worker.door().counters().addresses_full,
        .memory_refused = worker.door().counters().no_memory,
        .shed = worker.shed(),
        .behind = worker.is_behind() ? std::uint64_t{1} : 0,
        .recorder_behind = worker.tap() == nullptr
                               ? 0
                               : worker.tap()->packets_dropped() + worker.tap()->talks_dropped(),
    };
    add_store(worker, stats);
    add_chat(worker.chat(), stats);
    for (std::size_t i = 0; i < session::refusal_count; ++i) {
        stats.tokens_refused += worker.refused(static_cast<session::Refusal>(i));
    }
    return stats;
}

}  // namespace

void Crew::wake_all() const noexcept {
    for (std::size_t i = 0; i < plan.shards; ++i)
        fabric.waker(static_cast<ShardId>(i)).wake();
}

void Crew::drain(Drain how) noexcept {
    Drain none = Drain::no;
    if (draining.compare_exchange_strong(none, how, std::memory_order_release)) wake_all();
}

void Crew::stop() noexcept {
    stopping.store(true, std::memory_order_release);
    wake_all();
}

ShardThread::ShardThread(Crew& crew, ShardId id, std::vector<int> listeners)
    : crew_(crew), id_(id), listeners_(std::move(listeners)), thread_([this] { run(); }) {}

ShardThread::~ShardThread() {
    join();
}

void ShardThread::join() {
    if (thread_.joinable()) thread_.join();
}

std::string ShardThread::wait_until_running() {
    return running_.get_future().get();
}

void ShardThread::run() {
    name_this_thread(fmt::format("parley-{}", raw(id_)));
    const auto& cores = crew_.plan.cores;
    std::string error;
    if (!cores.empty() && !pin_this_thread(cores[raw(id_)])) {
        error = fmt::format("cannot run on core {}", cores[raw(id_)]);
    }
    std::unique_ptr<ring::Ring> ring;
    if (error.empty()) ring = ring::Ring::open({}, error);
    if (!ring) return give_up(error);
    Shard shard{id_, crew_.fabric, std::move(ring), crew_.plan.shard};
    // Keeping a waker takes a descriptor; a shard that nobody can wake could not be stopped.
    if (crew_.fabric.waker(id_).handle() < 0) {
        return give_up("no file descriptor is left: raise `ulimit -n` (LimitNOFILE= in systemd)");
    }
    Worker worker{shard, crew_.plan.worker, *crew_.plan.authenticator};
    MemoryWatch memory{shard, crew_.commons, crew_.plan.memory_bytes_max};
    if (raw(id_) == 0 && crew_.plan.memory_bytes_max > 0) memory.start();
    const bool all_listen = crew_.plan.listeners >= crew_.fabric.shards();
    for (const int listener : listeners_) {
        worker.start(listener, all_listen ? Worker::Spread::keep : Worker::Spread::deal_out);
    }
    running_.set_value({});
    loop(shard, worker);
    finish(shard, worker);
}

void ShardThread::give_up(std::string error) {
    for (const int listener : listeners_)
        ring::close_now(listener);
    running_.set_value(std::move(error));
}

void ShardThread::loop(Shard& shard, Worker& worker) {
    while (!crew_.stopping.load(std::memory_order_acquire)) {
        const bool draining = worker.draining();
        shard.turn(draining ? shard.now() + drain_step : Instant::max());
        if (crew_.draining.load(std::memory_order_acquire) != Crew::Drain::no) {
            look_after_drain(worker);
        }
        if (stats_asked_.load(std::memory_order_acquire)) answer_stats(worker);
    }
}

void ShardThread::look_after_drain(Worker& worker) {
    if (!worker.draining()) {
        const bool follows = crew_.draining.load() == Crew::Drain::for_successor;
        worker.drain(follows ? Drain::Successor::ready : Drain::Successor::later);
        return;
    }
    if (drained_ || !worker.drained()) return;
    drained_ = true;
    if (crew_.drained.fetch_add(1) + 1 == crew_.fabric.shards()) crew_.stop();
}

void ShardThread::finish(Shard& shard, Worker& worker) {
    worker.stop();
    const Instant patience = shard.now() + (drained_ ? drained_max : stop_max);
    bool counted = false;
    bool aborted = false;
    // Nobody leaves before all are done: records may still be on their way.
    while (crew_.idle.load(std::memory_order_acquire) < crew_.fabric.shards()) {
        shard.turn(shard.now() + stop_step);
        if (!aborted && shard.now() >= patience) {
            worker.abort();
            aborted = true;
        }
        if (!counted && worker.idle()) {
            counted = true;
            crew_.idle.fetch_add(1, std::memory_order_acq_rel);
        }
    }
    // What another shard published last, a connection on its way here perhaps, is taken in and
    // closed.
    shard.turn(Instant::min());
    const std::lock_guard lock{stats_mutex_};
    ended_ = true;
    if (stats_wanted_ != nullptr) stats_wanted_->set_value(std::nullopt);
    stats_wanted_ = nullptr;
}

std::optional<ShardStats> ShardThread::stats() {
    std::promise<std::optional<ShardStats>> promise;
    auto answer = promise.get_future();
    {
        const std::lock_guard lock{stats_mutex_};
        if (ended_) return {};
        stats_wanted_ = &promise;
        stats_asked_.store(true, std::memory_order_release);
    }
    wake();
    return answer.get();
}

void ShardThread::answer_stats(Worker& worker) {
    const std::lock_guard lock{stats_mutex_};
    stats_asked_.store(false, std::memory_order_release);
    if (stats_wanted_ != nullptr) stats_wanted_->set_value(stats_of(worker));
    stats_wanted_ = nullptr;
}

}  // namespace parley::server
