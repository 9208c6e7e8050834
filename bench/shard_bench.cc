// What a shard's own machinery costs: its timers, and a record's way through a lane.
#include <benchmark/benchmark.h>
#include <cstring>
#include <deque>

#include "base/assert.h"
#include "shard/lane.h"
#include "shard/timer_wheel.h"

namespace {

using namespace parley;

struct Ignore {
    void fired() {}
};

// Among as many other timers as connections have; each waits for its ping.
void timer_start_and_cancel(benchmark::State& state) {
    Ignore ignore;
    const auto handler = Timer::Handler::to<&Ignore::fired>(ignore);
    const Instant now{std::chrono::seconds{1}};
    TimerWheel wheel{now};
    std::deque<Timer> others;
    for (int i = 0; i < state.range(0); ++i) {
        wheel.start(others.emplace_back(handler), now + std::chrono::milliseconds{i + 1});
    }
    Timer timer{handler};
    for (auto _ : state) {
        wheel.start(timer, now + std::chrono::seconds{25});
        timer.cancel();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_start_and_cancel)->Arg(0)->Arg(10'000);

// Written, published, read and taken out, on one thread: what is left is the memory between cores.
void lane_hop(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    Lane lane{std::size_t{256} << 10};
    Lane::Record record;
    for (auto _ : state) {
        const auto space = lane.reserve(RecordKind::group_audio, size);
        std::memset(space.data(), 1, size);
        lane.commit();
        lane.publish();
        PARLEY_ASSERT(lane.front(record));
        benchmark::DoNotOptimize(record.bytes.data());
        lane.pop();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(lane_hop)->Arg(64)->Arg(256);

// What a busy shard does: many records, shown to the reader all at once.
void lane_batch(benchmark::State& state) {
    constexpr std::size_t batch = 64;
    const auto size = static_cast<std::size_t>(state.range(0));
    Lane lane{std::size_t{256} << 10};
    Lane::Record record;
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) {
            const auto space = lane.reserve(RecordKind::group_audio, size);
            std::memset(space.data(), 1, size);
            lane.commit();
        }
        lane.publish();
        while (lane.front(record)) {
            benchmark::DoNotOptimize(record.bytes.data());
            lane.pop();
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(lane_batch)->Arg(64)->Arg(256);

}  // namespace
