// Allocations: counts what a bench asks of the heap.
#pragma once

#include <benchmark/benchmark.h>
#include <cstdint>

#include "support/allocations.h"

namespace parley::bench {

/// Reports, beside the time, how many allocations one iteration made since this was constructed.
class CountsAllocations final {
public:
    explicit CountsAllocations(benchmark::State& state) noexcept
        : state_(state), before_(test::allocations()) {}
    CountsAllocations(const CountsAllocations&) = delete;
    CountsAllocations& operator=(const CountsAllocations&) = delete;
    ~CountsAllocations() {
        state_.counters["allocations"] = benchmark::Counter(
            static_cast<double>(test::allocations() - before_), benchmark::Counter::kAvgIterations);
    }

private:
    benchmark::State& state_;
    std::uint64_t before_;
};

}  // namespace parley::bench
