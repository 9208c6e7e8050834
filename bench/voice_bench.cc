// What a voice frame costs on its way through the cores that do no I/O: decode, decide, encode.
#include <array>
#include <benchmark/benchmark.h>
#include <string>
#include <vector>

#include "allocations.h"
#include "base/assert.h"
#include "base/hash.h"
#include "floor/arbiter.h"
#include "wire/voiceping.h"

namespace {

using namespace parley;
namespace voiceping = wire::voiceping;

// [0, 3, "acme_john", "acme_ops", <128 bytes>], as the Android SDK sends it every 60 ms.
std::vector<std::byte> sdk_audio() {
    std::string text{"\x95"};
    text += std::string(1, '\0') + "\x03\xa9" + "acme_john" + "\xa8" + "acme_ops" + "\xc4\x80";
    text += std::string(128, 'v');
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

void decode_audio(benchmark::State& state) {
    const auto message = sdk_audio();
    voiceping::Decoder decoder{voiceping::Dialect::router_2023};
    PARLEY_ASSERT(static_cast<bool>(decoder.decode(message)));
    const bench::CountsAllocations counts{state};
    for (auto _ : state)
        benchmark::DoNotOptimize(decoder.decode(message));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_audio);

void encode_audio(benchmark::State& state) {
    const auto message = sdk_audio();
    voiceping::Decoder decoder{voiceping::Dialect::router_2023};
    auto command = decoder.decode(message);
    PARLEY_ASSERT(static_cast<bool>(command));
    const wire::Event event{.kind = wire::Kind::audio,
                            .scope = wire::Scope::group,
                            .from = (*command).from.encoded,
                            .to = (*command).to.encoded,
                            .payload = (*command).payload};
    std::array<std::byte, 512> out;
    for (auto _ : state)
        benchmark::DoNotOptimize(voiceping::encode(event, out));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_audio);

void arbiter_hear(benchmark::State& state) {
    const floor::Limits limits;
    floor::Arbiter arbiter{limits};
    const floor::Talker talker{.session = {.slot = 1}, .user = UserKey{7}};
    Instant now{std::chrono::seconds{1}};
    PARLEY_ASSERT(arbiter.request(talker, now) == floor::Arbiter::Answer::granted);
    for (auto _ : state) {
        now += std::chrono::nanoseconds{1};
        benchmark::DoNotOptimize(arbiter.hear(talker.session, now));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(arbiter_hear);

void hash_of_group(benchmark::State& state) {
    const HashKey key = HashKey::random();
    const std::string_view group = "acme_ops";
    for (auto _ : state)
        benchmark::DoNotOptimize(keyed_hash(group, key));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_of_group);

}  // namespace
