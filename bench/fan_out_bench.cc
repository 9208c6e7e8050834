// What the server itself does for a voice frame, from the received bytes to the prepared sends,
// with the kernel taken away: whole sessions on the null ring.
#include <benchmark/benchmark.h>

#include "allocations.h"
#include "base/assert.h"
#include "null_ring/outside.h"
#include "town_hall.h"

namespace {

using namespace parley;

// items_per_second counts deliveries.
void fan_out(benchmark::State& state) {
    const auto listeners = static_cast<std::size_t>(state.range(0));
    const auto frames = static_cast<std::size_t>(state.range(1));
    bench::TownHall hall{listeners};
    for (int i = 0; i < 50; ++i)
        hall.say(frames);  // tables find their size
    const bench::Sent before = bench::sent();
    {
        const bench::CountsAllocations counts{state};
        for (auto _ : state)
            hall.say(frames);
    }
    const auto rounds = static_cast<std::uint64_t>(state.iterations());
    const std::uint64_t sends = bench::sent().sends - before.sends;
    PARLEY_ASSERT(sends >= rounds * listeners);
    state.counters["sends"] =
        benchmark::Counter(static_cast<double>(sends), benchmark::Counter::kAvgIterations);
    state.SetItemsProcessed(static_cast<std::int64_t>(rounds * listeners * frames));
}
BENCHMARK(fan_out)->ArgNames({"listeners", "frames"})->ArgsProduct({{1, 10, 100, 1000}, {1, 4}});

// Finding a group by its name among others, as each frame does.
void find_group(benchmark::State& state) {
    bench::TownHall hall{1};
    Shard& shard = hall.worker().shard();
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        const std::string name = "group-" + std::to_string(i);
        hall.worker().groups().set_listening(shard.key<GroupKey>(name), true);
    }
    const std::string_view name = "townhall";
    PARLEY_ASSERT(hall.worker().groups().find(shard.key<GroupKey>(name)) != nullptr);
    for (auto _ : state) {
        benchmark::DoNotOptimize(hall.worker().groups().find(shard.key<GroupKey>(name)));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_group)->ArgName("others")->Arg(0)->Arg(10'000);

}  // namespace
