// What each frame costs at the edge: taking the mask off, and encoding what goes out.
#include <array>
#include <benchmark/benchmark.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.h"
#include "shard/frame.h"
#include "ws/connection.h"
#include "ws/deflater.h"
#include "ws/frame_reader.h"
#include "ws/inflater.h"

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

// A text as it is compressed for all who agreed on it, and what that leaves of it.
void deflate(benchmark::State& state) {
    constexpr std::string_view words[] = {"channel ", "over ", "roger ",
                                          "unit ",    "copy ", "north "};
    std::vector<std::byte> text;
    for (std::uint32_t random = 7; text.size() < static_cast<std::size_t>(state.range(0));) {
        random = random * 1664525 + 1013904223;
        const std::string piece{std::string{words[(random >> 16) % std::size(words)]} +
                                std::to_string(random >> 20)};
        const auto bytes = std::as_bytes(std::span{piece});
        text.insert(text.end(), bytes.begin(), bytes.end());
    }
    text.resize(static_cast<std::size_t>(state.range(0)));
    ws::Deflater deflater{ws::window_bits_max, ws::Deflater::Memory::shared};
    std::vector<std::byte> out;
    for (auto _ : state) {
        deflater.compress_alone(text, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
    state.counters["left"] = static_cast<double>(out.size()) / static_cast<double>(text.size());
}
BENCHMARK(deflate)->Arg(256)->Arg(1024)->Arg(65536);

// The same back, as a client's message is read.
void inflate(benchmark::State& state) {
    std::vector<std::byte> text(static_cast<std::size_t>(state.range(0)));
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<std::byte>("talk over "[i % 10] + static_cast<char>(i / 97 % 9));
    ws::Deflater deflater{ws::window_bits_max, ws::Deflater::Memory::shared};
    std::vector<std::byte> payload;
    deflater.compress_alone(text, payload);
    ws::Inflaters inflaters;
    for (auto _ : state) {
        ws::Inflater& inflater = inflaters.shared();
        inflater.begin_anew();
        const ws::Inflater::Into into{inflaters.scratch(), nullptr, text.size()};
        benchmark::DoNotOptimize(inflater.take(payload, into));
        benchmark::DoNotOptimize(inflater.finish(into));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inflate)->Arg(256)->Arg(1024)->Arg(65536);

}  // namespace
