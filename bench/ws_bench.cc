// What each frame costs at the edge: taking the mask off, and encoding what goes out.
#include <array>
#include <benchmark/benchmark.h>
#include <vector>

#include "allocations.h"
#include "shard/frame.h"
#include "ws/connection.h"
#include "ws/frame_reader.h"

namespace {

using namespace parley;

// A radio's voice frame, a browser's, a text of some length, an image.
void payload_sizes(benchmark::internal::Benchmark* bench) {
    for (const int size : {128, 1024, 65536})
        bench->Arg(size);
}

void unmask(benchmark::State& state) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x55});
    const ws::MaskKey key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    for (auto _ : state) {
        ws::apply_mask(bytes, key, 0);
        benchmark::DoNotOptimize(bytes.data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(unmask)->Apply(payload_sizes);

// The head alone: what is left of a frame that is encoded in place.
void write_head(benchmark::State& state) {
    std::array<std::byte, ws::head_bytes_max> head;
    const auto size = static_cast<std::uint64_t>(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(ws::write_head(ws::Opcode::binary, size, head));
        benchmark::DoNotOptimize(head.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_head)->Apply(payload_sizes);

void encode_frame(benchmark::State& state) {
    FramePool frames{{}};
    const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
    const bench::CountsAllocations counts{state};
    for (auto _ : state) {
        const FrameRef frame = ws::encode_frame(frames, ws::Opcode::binary, payload);
        benchmark::DoNotOptimize(frame.bytes().data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_frame)->Apply(payload_sizes);

// One masked frame that lies whole in the input, as almost all do.
void read_frame(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    std::vector<std::byte> sent(ws::head_bytes_max + size);
    const ws::MaskKey key{};  // the bytes stay as they are, so each round reads the same
    sent.resize(ws::write_client_head(ws::Opcode::binary, size, key, sent) + size);
    ws::FrameReader reader{ws::Role::server, {}};
    for (auto _ : state) {
        std::span<std::byte> input{sent};
        benchmark::DoNotOptimize(reader.next(input).payload.data());
        benchmark::DoNotOptimize(reader.next(input).what);
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_frame)->Apply(payload_sizes);

}  // namespace
